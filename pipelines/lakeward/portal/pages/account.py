"""The own account: who one is, and the change of the own password."""

from lakeward.core.errors import LakewardError, UsageError
from lakeward.flows import ModelReading, set_password
from lakeward.portal.faults import fault_text
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


def show_account(visit: Visit, _: ModelReading) -> PageAnswer:
    """The account and the form."""
    return PageAnswer(template="account.html", facts={"fault": "", "changed": "changed" in visit.query})


def change_password(visit: Visit) -> PageAnswer:
    """Change the own password: other sessions end, this browser goes on. No password is shown again."""
    try:
        session_id = _change(visit)
    except LakewardError as error:
        facts = {"fault": fault_text(visit, error), "changed": False}
        return PageAnswer(template="account.html", facts=facts, status=429 if error.code == "login_limited" else 409)
    return PageAnswer(to="/account?changed=", session_id=session_id)


def _change(visit: Visit) -> str:
    assert visit.user is not None
    new, account = visit.form.get("new", ""), visit.user.account
    if new != visit.form.get("again", ""):
        raise UsageError("portal_passwords_differ")
    settings = visit.portal.actions.session_settings(visit.session_id)
    old = visit.form.get("old", "")
    return visit.portal.logins.change_password(visit.session_id, old, visit.address, lambda: set_password(settings, account, new))


PAGES = (Page(path="/account", roles=EVERYONE, show=show_account, act=change_password),)
