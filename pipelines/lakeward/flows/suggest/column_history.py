"""The history of one column as counts, the input of proposals. Values occur only if a suite must contain them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Distribution of a numeric column, in one state or overall.

    Args:
        state: Value of the state; None for all rows.
        count: Number of values.
        low, high: Least and greatest value without outliers (`ranges.FENCE`).
        up, down: Number of rising and of falling steps between readings of a series, in the newest batches.
    """

    state: str | int | bool | None
    count: int
    low: Decimal
    high: Decimal
    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class ValueCount:
    """One value of a list: its number of rows and its first batch."""

    value: str | int
    count: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnHistory:
    """One column, over the training batches.

    Args:
        filled_per_batch: Number of rows with a value, per batch.
        distinct: Estimated number of distinct values.
        sensitive: Whether its values, and what is derived from them, must not be written into a suite.
        shortest, longest: Length of the shortest and of the longest text; None for other types.
        values: All values if they are few; empty if sensitive.
        shapes: Texts with letters and digits replaced by their class, and the number of rows of each, most common first.
    """

    column: Column
    filled_per_batch: tuple[int, ...]
    distinct: int
    sensitive: bool
    shortest: int | None = None
    longest: int | None = None
    values: tuple[ValueCount, ...] = ()
    shapes: Mapping[str, int] | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def count(self) -> int:
        """Rows with a value."""
        return sum(self.filled_per_batch)
