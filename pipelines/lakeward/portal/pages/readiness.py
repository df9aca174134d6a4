"""DCMM readiness from live evidence: domains and items with coverage and ceiling, and of each item its indicators with their queries."""

from lakeward.core.errors import UsageError
from lakeward.flows import ModelReading, maturity_domains, read_maturity
from lakeward.portal.page import Page, PageAnswer, Visit

ROLES = frozenset({"cdo", "auditor"})
NOT_ASSESSED = "maturity_not_assessed"


def show_readiness(_: Visit, reading: ModelReading) -> PageAnswer:
    """All items by domain; before the first assessment how to make it."""
    try:
        items = read_maturity(reading.tables)
    except UsageError as error:
        if error.code != NOT_ASSESSED:
            raise
        items = []
    whole, domains, of_items = (reading.family(name) for name in ("readiness", "domains", "items"))
    facts = {
        "items": items,
        "domain_names": {each.number: each.names for each in maturity_domains()},
        "whole": whole.rows[0] if whole and whole.rows else None,
        "domains": {row.key[0]: row for row in sorted(domains.rows, key=lambda row: int(row.key[0]))} if domains else {},
        "of_items": {row.key[0]: row for row in of_items.rows} if of_items else {},
    }
    return PageAnswer(template="readiness.html", facts=facts)


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
