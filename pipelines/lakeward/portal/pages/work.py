"""My work: what waits for the roles of who is logged in, each with the page where it is done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote
from zoneinfo import ZoneInfo

from lakeward.core.errors import LakewardError
from lakeward.flows import FigureRow, FilingTask, ModelReading, deciding_roles, read_important
from lakeward.portal.faults import fault_text
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkKind:
    """A kind of task.

    Args:
        roles: Roles that it waits for.
        title: Message code.
        number: Family and column of its number; None where the page that it links to counts.
        look: Look and sign of the mark.
        address: Where it is done.
        action: Message code of what is done there.
    """

    roles: frozenset[str]
    title: str
    look: tuple[str, str]
    number: tuple[str, str] | None = None
    address: Callable[[FigureRow], str]
    action: str


def _path(before: str, after: str = "") -> Callable[[FigureRow], str]:
    return lambda row: before + quote(str(row["object"]), safe="") + after


STEWARDS, DECIDERS = deciding_roles("quarantine"), deciding_roles("grade")
ENGINEERS, AUDITORS = frozenset({"engineer", "steward"}), frozenset({"auditor", "cdo"})
# In the order of the page.
KINDS: Mapping[str, WorkKind] = {
    "halted": WorkKind(
        roles=STEWARDS,
        title="portal_work_halted",
        look=("bad", "■"),
        number=("halted", "batch"),
        action="portal_do_halted",
        address=_path("/quarantine/"),
    ),
    "finding": WorkKind(
        roles=AUDITORS,
        title="portal_work_finding",
        look=("bad", "▲"),
        action="portal_do_finding",
        address=_path("/access#finding-"),
    ),
    "incident": WorkKind(
        roles=deciding_roles("incident"),
        title="portal_work_incident",
        look=("bad", "▲"),
        action="portal_do_incident",
        address=_path("/incidents/"),
    ),
    "invalid": WorkKind(
        roles=ENGINEERS, title="portal_work_invalid", look=("bad", "✕"), action="portal_do_invalid", address=_path("/d/")
    ),
    "failing": WorkKind(
        roles=ENGINEERS,
        title="portal_work_failing",
        look=("bad", "▲"),
        number=("datasets", "failed_rules"),
        action="portal_do_failing",
        address=_path("/d/"),
    ),
    "late": WorkKind(
        roles=ENGINEERS, title="portal_work_late", look=("warn", "◷"), action="portal_do_late", address=_path("/d/", "/runs")
    ),
    "quarantine": WorkKind(
        roles=STEWARDS,
        title="portal_work_quarantine",
        look=("warn", "▲"),
        number=("open_rows", "open"),
        action="portal_do_quarantine",
        address=_path("/quarantine/"),
    ),
    "grades": WorkKind(
        roles=DECIDERS,
        title="portal_work_grades",
        look=("warn", "?"),
        action="portal_do_grades",
        address=_path("/grades?dataset="),
    ),
    "regrading": WorkKind(
        roles=DECIDERS,
        title="portal_work_regrading",
        look=("warn", "?"),
        action="portal_do_regrading",
        address=_path("/grades?dataset="),
    ),
    "purpose": WorkKind(
        roles=frozenset({"steward", "cdo", "auditor"}),
        title="portal_work_purpose",
        look=("warn", "?"),
        action="portal_do_purpose",
        address=_path("/purposes#request-"),
    ),
}


def show_work(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The list, by kind."""
    assert visit.user is not None
    roles = set(visit.user.roles)
    kinds = {name: kind for name, kind in KINDS.items() if kind.roles & roles}
    rows = reading.rows("work", kinds=",".join(kinds), owner=visit.user.person) if kinds else ()
    listed = {name: [row for row in rows if row["kind"] == name] for name in kinds}
    filings, fault = _filings(visit, reading) if DECIDERS & roles else ((), "")
    facts = {
        "fault": fault,
        "kinds": kinds,
        "listed": {name: found for name, found in listed.items() if found},
        "filings": filings,
        "total": sum(int(found[0].number("total") or 0) for found in listed.values() if found) + len(filings),
        "soonest": _soonest(rows, filings),
        "today": reading.now.astimezone(ZoneInfo(visit.portal.zone)).date().isoformat(),
    }
    return PageAnswer(template="work.html", facts=facts)


def _filings(visit: Visit, reading: ModelReading) -> tuple[tuple[FilingTask, ...], str]:
    """The tasks of filing, or why they are not known; none where no column is important or core, and nothing was filed."""
    if "governance.filings" not in reading.versions() and not reading.rows("important_columns"):
        return (), ""
    try:
        return read_important(visit.portal, reading).tasks, ""
    except LakewardError as error:
        return (), fault_text(visit, error)


def _soonest(rows: Iterable[FigureRow], filings: Iterable[FilingTask]) -> date | None:
    """The nearest deadline."""
    days = [*(str(row["due"]) for row in rows if row["due"]), *(task.due for task in filings if task.due)]
    return min(map(date.fromisoformat, days), default=None)


PAGES = (Page(path="/work", roles=EVERYONE, show=show_work, nav="portal_nav_work"),)
