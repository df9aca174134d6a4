"""A query of a page over the read model."""

from dataclasses import dataclass

# Rows of a page of a list.
PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class PageQuery:
    """One query.

    Args:
        keys: Columns that identify a row.
    """

    sql: str
    keys: tuple[str, ...] = ()
