"""The catalogue: all datasets with their state, filtered by domain, owner, state, layer, grade and dimension."""

from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import paging

FILTERS = ("domain", "owner", "state", "layer", "grade", "dimension")


def show_datasets(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One page of the list, with the counts of each facet."""
    chosen = {name: visit.query.get(name) or None for name in FILTERS}
    rows = reading.rows("datasets", **chosen, skip=paging(visit.page_number(), 0).skip)
    facets: dict[str, list[object]] = {}
    for row in reading.rows("facets", **chosen):
        facets.setdefault(row.key[0], []).append(row)
    total = int(rows[0].number("total") or 0) if rows else 0
    facts = {"rows": rows, "facets": facets, "chosen": chosen, "total": total, "paging": paging(visit.page_number(), total)}
    return PageAnswer(template="datasets.html", facts=facts)


PAGES = (Page(path="/datasets", roles=EVERYONE, show=show_datasets, nav="portal_nav_catalogue"),)
