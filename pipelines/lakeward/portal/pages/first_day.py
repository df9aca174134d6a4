"""The first day of each role: what to do, in which order, and where."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.core.errors import UsageError
from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to do.

    Args:
        code: Message that says it.
        address: Page where it is done; empty for none.
        command: Command where it is done; empty for none.
    """

    code: str
    address: str = ""
    command: str = ""


_LOOK = (FirstStep("portal_help_estate", "/"), FirstStep("portal_help_glossary", "/glossary"))
STEPS: Mapping[str, tuple[FirstStep, ...]] = {
    "analyst": (
        FirstStep("portal_help_search", "/search"),
        FirstStep("portal_help_meaning", "/datasets"),
        FirstStep("portal_help_glossary", "/glossary"),
        FirstStep("portal_help_origin", "/lineage"),
        FirstStep("portal_help_query", command="lakeward query --as analyst"),
    ),
    "engineer": (
        *_LOOK[:1],
        FirstStep("portal_help_failing", "/datasets?state=failing"),
        FirstStep("portal_help_change", "/lineage"),
        FirstStep("portal_help_words", "/glossary"),
        FirstStep("portal_help_lint", command="lakeward contract lint"),
    ),
    "steward": (
        FirstStep("portal_help_decide", "/grades"),
        FirstStep("portal_help_quarantine", "/quarantine"),
        FirstStep("portal_help_terms", "/glossary"),
        FirstStep("portal_help_important", "/important"),
        FirstStep("portal_help_history", command="lakeward history"),
    ),
    "cdo": (
        *_LOOK[:1],
        FirstStep("portal_help_numbers", "/"),
        FirstStep("portal_help_core", "/grades"),
        FirstStep("portal_help_important", "/important"),
        FirstStep("portal_help_readiness", "/readiness"),
    ),
    "auditor": (
        FirstStep("portal_help_numbers", "/"),
        FirstStep("portal_help_important", "/important"),
        FirstStep("portal_help_readiness", "/readiness"),
        FirstStep("portal_help_log", command="lakeward access verify"),
        FirstStep("portal_help_decisions", command="lakeward history"),
    ),
    "admin": (
        FirstStep("portal_help_account", command="lakeward account add NAME --person PERSON --role ROLE"),
        FirstStep("portal_help_password", command="lakeward account password NAME"),
        FirstStep("portal_help_revoke", command="lakeward account revoke NAME"),
        FirstStep("portal_help_machine", command="lakeward doctor"),
    ),
}


def show_help(visit: Visit, _: ModelReading) -> PageAnswer:
    """The steps of the reader's own roles."""
    assert visit.user
    own = [role for role in visit.user.roles if role in STEPS] or ["analyst"]
    return _page(visit, own)


def show_role(visit: Visit, _: ModelReading) -> PageAnswer:
    """The steps of one role.

    Raises:
        UsageError: There is no page of it.
    """
    role = visit.place["role"]
    if role not in STEPS:
        raise UsageError("portal_no_help", role=role)
    return _page(visit, [role])


def _page(visit: Visit, roles: list[str]) -> PageAnswer:
    titles = {role: title.get(str(visit.lang), role) for role, title in visit.portal.role_titles().items()}
    return PageAnswer(
        template="help.html",
        facts={"steps": {role: STEPS[role] for role in roles}, "all_roles": tuple(STEPS), "role_names": titles},
    )


PAGES = (
    Page(path="/help", roles=EVERYONE, show=show_help, nav="portal_nav_help"),
    Page(path="/help/{role}", roles=EVERYONE, show=show_role),
)
