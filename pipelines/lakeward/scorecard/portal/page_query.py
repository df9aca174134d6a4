"""A query of a page over the read model."""

from dataclasses import dataclass

from lakeward.core.sql import OVER_ALL_ROWS

# Rows of a page of a list.
PAGE_ROWS = 50
# Item of a query: the number of rows of all its pages.
TOTAL = f"count(*) {OVER_ALL_ROWS} AS total"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """One query.

    Args:
        keys: Columns that identify a row.
    """

    sql: str
    keys: tuple[str, ...] = ()
