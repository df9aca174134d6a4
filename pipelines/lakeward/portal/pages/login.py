"""Log-in and log-out, with an account of the register and its password."""

from lakeward.core.errors import ProtectionError
from lakeward.flows import ModelReading
from lakeward.portal.faults import fault_status, fault_text
from lakeward.portal.page import EVERYONE, PUBLIC, Page, PageAnswer, Visit

HOME = "/"


def show_login(visit: Visit, _: ModelReading) -> PageAnswer:
    """The form; who is logged in goes on."""
    if visit.user:
        return PageAnswer(to=safe_target(visit.query.get("next", HOME)))
    refusal = visit.portal.sign_ins.refusal(visit.query.get("refused", "")) if visit.portal.sign_ins else None
    facts = _facts(visit, visit.query.get("next", HOME))
    if refusal is None:
        return PageAnswer(template="login.html", facts=facts)
    return PageAnswer(template="login.html", facts={**facts, "fault": fault_text(visit, refusal)}, status=403)


def log_in(visit: Visit) -> PageAnswer:
    """Start a session, or say why not. The password is not shown again."""
    target, name = safe_target(visit.form.get("next", HOME)), visit.form.get("account", "").strip()
    try:
        session_id = visit.portal.logins.log_in(name, visit.form.get("password", ""), visit.address)
    except ProtectionError as error:
        status = 429 if error.code == "login_limited" else fault_status(error)
        facts = {**_facts(visit, target), "account": name[:64], "fault": fault_text(visit, error)}
        return PageAnswer(template="login.html", facts=facts, status=status)
    return PageAnswer(to=target, session_id=session_id)


def log_out(visit: Visit) -> PageAnswer:
    """End the session."""
    visit.portal.logins.log_out(visit.session_id, visit.address)
    return PageAnswer(to="/login", session_id="")


def safe_target(target: str) -> str:
    """An address of this site; of anything else the first page."""
    is_own = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_own else HOME


def _facts(visit: Visit, target: str) -> dict[str, object]:
    provider = visit.portal.sign_ins.provider if visit.portal.sign_ins else ""
    return {"next": safe_target(target), "account": "", "fault": "", "provider": provider}


PAGES = (
    Page(path="/login", roles=PUBLIC, show=show_login, act=log_in),
    Page(path="/logout", roles=EVERYONE, act=log_out),
)
