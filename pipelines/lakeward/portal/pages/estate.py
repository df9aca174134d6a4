"""The whole estate: what needs attention first, then the figures, the domains, and the trend."""

from collections.abc import Iterable

from lakeward.flows import FigureRow, ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


def show_estate(_: Visit, reading: ModelReading) -> PageAnswer:
    """The first page."""
    return PageAnswer(template="estate.html", facts=estate_facts(reading))


def estate_facts(reading: ModelReading) -> dict[str, object]:
    """What the template shows; `totals` is None of an empty lake."""
    names = ("totals", "readiness", "grades", "ageing", "dimensions")
    results = {name: reading.family(name) for name in names}
    single = {name: found.rows[0] if found and found.rows else None for name, found in results.items()}
    dimensions, trend, scopes = results["dimensions"], reading.family("trend"), reading.family("scope_changes")
    return {
        **single,
        "counts": reading.rows("estate_counts")[0],
        "attention": reading.rows("attention"),
        "domains": _by_domain(reading.rows("domains")),
        "by_dimension": {row.key[0]: row for row in dimensions.rows} if dimensions else {},
        "trend": _by_dimension(trend.rows if trend else ()),
        "scope_day": min((row.word("day") for row in scopes.rows), default="") if scopes else "",
    }


def _by_domain(rows: Iterable[FigureRow]) -> dict[str, dict[str, FigureRow]]:
    """Domain -> dimension -> its failed checks."""
    domains: dict[str, dict[str, FigureRow]] = {}
    for row in rows:
        domains.setdefault(row.key[0], {})[row.key[1]] = row
    return domains


def _by_dimension(rows: Iterable[FigureRow]) -> dict[str, list[FigureRow]]:
    days: dict[str, list[FigureRow]] = {}
    for row in rows:
        days.setdefault(row.key[0], []).append(row)
    return days


PAGES = (Page(path="/", roles=EVERYONE, show=show_estate, nav="portal_nav_estate"),)
