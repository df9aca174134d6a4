"""Requests to read for a purpose: ask for one, and decide about those of other persons; each entry is signed by the session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import (
    ModelReading,
    PortalUser,
    PurposeRequest,
    approve_purpose,
    read_purpose_requests,
    reject_purpose,
    request_purpose,
    requestable_purposes,
    revoke_purpose,
)
from lakeward.portal.faults import fault_text
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import ROWS, paging

# Roles that see the requests of others.
OVERSEERS = frozenset({"steward", "cdo", "auditor"})
WAITING, APPROVED = "waiting", "approved"
TYPED = ("reason", "days")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request as a reader sees it.

    Args:
        may_decide: Whether the reader may approve or reject it.
        may_end: Whether the reader may withdraw or revoke it.
    """

    request: PurposeRequest
    may_decide: bool
    may_end: bool


def show_purposes(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The requests that the reader may see, those that wait first, and the form to ask.

    Raises:
        PolicyError: The serving policy is not valid.
    """
    return PageAnswer(template="purposes.html", facts=_facts(visit, reading))


def act_on_purposes(visit: Visit) -> PageAnswer:
    """Ask, or decide about a request; what was typed stays where it fails.

    Raises:
        PolicyError: The serving policy is not valid.
    """
    step = visit.form.get("step", "")
    try:
        action = ACTIONS.get(step)
        if action is None:
            raise UsageError("portal_form_incomplete")
        with visit.portal.actions.act(visit.session_id) as settings:
            action(settings, visit)
    except LakewardError as error:
        with visit.portal.read() as reading:
            facts = {**_facts(visit, reading), "fault": fault_text(visit, error)}
        return PageAnswer(template="purposes.html", facts=facts, status=409)
    return PageAnswer(to=f"/purposes?done={step}")


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    assert visit.user is not None
    policy = requestable_purposes(visit.portal.settings)
    lines = [
        _line(visit.user, each, policy[each.purpose].approvers if each.purpose in policy else frozenset())
        for each in read_purpose_requests(reading.tables, reading.now)
        if each.account == visit.user.account or OVERSEERS & set(visit.user.roles)
    ]
    lines.sort(key=lambda line: (line.request.state != WAITING, line.request.state != APPROVED, -line.request.request))
    number = visit.page_number()
    skip = paging(number, 0).skip
    return {
        "lines": lines[skip : skip + ROWS],
        "total": len(lines),
        "paging": paging(number, len(lines)),
        "purposes": {name: (purpose.titles.get(str(visit.lang), name), purpose.days) for name, purpose in policy.items()},
        "typed": {name: visit.form.get(name, "") for name in (*TYPED, "purpose", "request")},
        "done": visit.query.get("done", ""),
        "fault": "",
    }


def _line(user: PortalUser, request: PurposeRequest, approvers: frozenset[str]) -> RequestLine:
    is_own, is_approver = request.account == user.account, bool(approvers & set(user.roles))
    return RequestLine(
        request=request,
        may_decide=request.state == WAITING and is_approver and not is_own,
        may_end=(is_own and request.state in {WAITING, APPROVED}) or (is_approver and request.state == APPROVED),
    )


def _ask(settings: Settings, visit: Visit) -> None:
    days = visit.form.get("days", "").strip()
    if days and not (days.isascii() and days.isdigit()):
        raise UsageError("portal_form_incomplete")
    request_purpose(settings, visit.form.get("purpose", ""), visit.form.get("reason", ""), int(days) if days else None)


def _decide(decide: Callable[[Settings, int, str], PurposeRequest]) -> Callable[[Settings, Visit], None]:
    def act(settings: Settings, visit: Visit) -> None:
        number = visit.form.get("request", "")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise UsageError("portal_form_incomplete")
        decide(settings, int(number), visit.form.get("reason", ""))

    return act


ACTIONS: Mapping[str, Callable[[Settings, Visit], None]] = {
    "ask": _ask,
    "approve": _decide(approve_purpose),
    "reject": _decide(reject_purpose),
    "revoke": _decide(revoke_purpose),
}
PAGES = (Page(path="/purposes", roles=EVERYONE, show=show_purposes, act=act_on_purposes, nav="portal_nav_purposes", typed=TYPED),)
