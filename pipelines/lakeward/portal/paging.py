"""Pages of a list."""

from dataclasses import dataclass

# Rows of a page; the queries of lists have the same number.
ROWS = 50


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list.

    Args:
        number: The page, from 1.
        pages: Number of pages, at least 1.
    """

    number: int
    pages: int

    @property
    def skip(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * ROWS


def paging(number: int, total: int) -> Paging:
    """The page of a list of `total` rows."""
    return Paging(number, max(-(-total // ROWS), 1))
