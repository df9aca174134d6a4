"""DCMM readiness from live evidence: domains and items with coverage and ceiling, and of each item its indicators with their queries."""

from collections.abc import Mapping
from decimal import Decimal

from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang
from lakeward.flows import FigureRow, ModelReading, maturity_domains, read_maturity
from lakeward.portal.page import Page, PageAnswer, Visit
from lakeward.portal.radar import draw_radar

ROLES = frozenset({"cdo", "auditor"})
NOT_ASSESSED = "maturity_not_assessed"


def show_readiness(_: Visit, reading: ModelReading) -> PageAnswer:
    """All items by domain; before the first assessment how to make it."""
    return PageAnswer(template="readiness.html", facts=readiness_facts(reading))


def readiness_facts(reading: ModelReading) -> dict[str, object]:
    """What the template shows, of the newest assessment."""
    try:
        items = read_maturity(reading.tables)
    except UsageError as error:
        if error.code != NOT_ASSESSED:
            raise
        items = []
    whole, domains, of_items = (reading.family(name) for name in ("readiness", "domains", "items"))
    by_domain = {row.key[0]: row for row in sorted(domains.rows, key=lambda row: int(row.key[0]))} if domains else {}
    return {
        "items": items,
        "domain_names": {each.number: each.names for each in maturity_domains()},
        "whole": whole.rows[0] if whole and whole.rows else None,
        "domains": by_domain,
        "of_items": {row.key[0]: row for row in of_items.rows} if of_items else {},
        "charts": {str(lang): draw_radar(_scores_by_name(by_domain, lang)) for lang in Lang},
    }


def _scores_by_name(by_domain: Mapping[str, FigureRow], lang: Lang) -> dict[str, Decimal | int | None]:
    """The name of each domain in this language -> its score."""
    return {
        each.names[lang]: by_domain[each.number].number("score") if each.number in by_domain else None
        for each in maturity_domains()
    }


def show_item(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One item.

    Raises:
        UsageError: The edition has no such item, or the lake was not assessed.
    """
    (item,) = read_maturity(reading.tables, visit.place["item"])
    of_items = reading.family("items", item.item)
    facts = {"item": item, "figures": of_items.rows[0] if of_items and of_items.rows else None}
    return PageAnswer(template="readiness_item.html", facts=facts)


PAGES = (
    Page(path="/readiness", roles=ROLES, show=show_readiness, nav="portal_nav_readiness"),
    Page(path="/readiness/{item}", roles=ROLES, show=show_item),
)
