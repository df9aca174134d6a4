"""Log-in and log-out, with an account of the register and its password."""

from lakeward.core.errors import ProtectionError
from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, PUBLIC, Page, PageAnswer, Visit

HOME = "/"


def show_login(visit: Visit, _: ModelReading) -> PageAnswer:
    """The form; who is logged in goes on."""
    if visit.user:
        return PageAnswer(to=safe_target(visit.query.get("next", HOME)))
    return PageAnswer(template="login.html", facts=_facts(visit.query.get("next", HOME)))


def log_in(visit: Visit) -> PageAnswer:
    """Start a session, or say why not. The password is not shown again."""
    target, name = safe_target(visit.form.get("next", HOME)), visit.form.get("account", "").strip()
    try:
        session_id = visit.portal.logins.log_in(name, visit.form.get("password", ""), visit.address)
    except ProtectionError as error:
        status = 429 if error.code == "login_limited" else 403
        facts = {**_facts(target), "account": name[:64], "fault": error.render_page(visit.lang)}
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


def _facts(target: str) -> dict[str, object]:
    return {"next": safe_target(target), "account": "", "fault": ""}


PAGES = (
    Page(path="/login", roles=PUBLIC, show=show_login, act=log_in),
    Page(path="/logout", roles=EVERYONE, act=log_out),
)
