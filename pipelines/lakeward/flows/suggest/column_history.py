"""What the past shows of one column, as counts: what proposals are made of. Values appear only where a suite itself must hold them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The values of a number, in one state or in all.

    Args:
        state: The state's value; None for all rows.
        count: Values.
        low, high: Least and greatest of those that lie with the others (`ranges.FENCE`).
        up, down: Steps to the next value of the series, in time, that rise, and that fall; of the newest batches.
    """

    state: str | int | bool | None
    count: int
    low: Decimal
    high: Decimal
    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class ValueCount:
    """One value of a list: how often, and in which batch first."""

    value: str | int
    count: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnHistory:
    """One column, over the batches that teach.

    Args:
        filled: Rows with a value, per batch.
        distinct: Different values, nearly.
        sensitive: Its values, and what is made of them, must not be written into a suite.
        shortest, longest: Lengths of texts; None for other types.
        values: All of them, where they are few; empty where sensitive.
        shapes: Texts with each letter and digit replaced by its class, and how many rows have each, the commonest first.
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
