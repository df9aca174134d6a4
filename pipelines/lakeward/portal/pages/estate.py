"""The whole estate: what needs attention first, then the figures, the domains, and the trend."""

from collections.abc import Iterable

from lakeward.flows import FigureRow, ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


def show_estate(_: Visit, reading: ModelReading) -> PageAnswer:
    """The first page."""
    names = ("totals", "readiness", "grades", "ageing", "dimensions")
    results = {name: reading.family(name) for name in names}
    single = {name: found.rows[0] if found and found.rows else None for name, found in results.items()}
    dimensions, trend = results["dimensions"], reading.family("trend")
    facts = {
        **single,
        "counts": reading.rows("estate_counts")[0],
        "attention": reading.rows("attention"),
        "domains": _by_domain(reading.rows("domains")),
        "by_dimension": {row.key[0]: row for row in dimensions.rows} if dimensions else {},
        "trend": _by_dimension(trend.rows if trend else ()),
    }
    return PageAnswer(template="estate.html", facts=facts)


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
