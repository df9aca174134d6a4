"""What the source needs of a database: describe a table or query, find the ends of windows, and read rows between them as Arrow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol, Self

# Behind the name of a column: the server's own texts of its times that no timestamp holds. No column's name has it.
FAR = "\0far"
# Name of the column that says whether the next window reads the row again.
AGAIN = "\0again"


class WatermarkKind(StrEnum):
    """How values of a watermark are compared."""

    XID8 = "xid8"
    NUMBER = "number"
    INSTANT = "instant"
    LOCAL = "local"  # times without a zone, and dates


@dataclass(frozen=True, slots=True)
class SourceRelation:
    """A table or view by its names, or a query by its text."""

    table: tuple[str, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class ServerColumn:
    """A column as the server describes it.

    Args:
        type: The server's name of the type.
        nullable: Whether it can be NULL; true where that is unknown.
        digits: Of an exact number its digits, and those behind the point; None where the type does not say.
    """

    name: str
    type: str
    nullable: bool = True
    digits: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the server's catalogue says of a table.

    Args:
        primary_key: Columns of the primary key, in order; empty without one.
        indexed: Columns with which an index begins.
    """

    primary_key: tuple[str, ...] = ()
    indexed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Rows by their watermark: `start - back <= value < stop`.

    Args:
        start, stop: Values in the server's own text; None for no bound.
        back: Seconds, or a difference of numbers.
        with_nulls: Rows without a value, too.
    """

    column: str
    kind: WatermarkKind
    start: str | None = None
    stop: str | None = None
    back: int = 0
    with_nulls: bool = False

    def after(self, start: str | None, stop: str | None = None) -> Self:
        """The same with other bounds, without a look back and without NULLs."""
        return replace(self, start=start, stop=stop, back=0, with_nulls=False)


class SqlServer(Protocol):
    """A connection, read only. Between two calls of `refresh` every answer is of one state of the data, where the server can do that."""

    def version(self) -> str:
        """Product and version, for people."""
        ...

    def refresh(self) -> None:
        """Let the next call see what was committed meanwhile."""
        ...

    def columns(self, relation: SourceRelation) -> tuple[ServerColumn, ...]:
        """The columns, in order."""
        ...

    def facts(self, relation: SourceRelation) -> TableFacts:
        """The keys and indexes; nothing of a query or a view."""
        ...

    def watermark_kind(self, column: ServerColumn) -> WatermarkKind | None:
        """How values of the column are compared as a watermark; None if they can't be one."""
        ...

    def transaction_bounds(self) -> tuple[int, int]:
        """PostgreSQL: every transaction below the first number has ended; none has the second or a higher one."""
        ...

    def newest(self, relation: SourceRelation, range_: Range, zone: str | None) -> str | None:
        """The highest watermark, but no time after now; None without rows.

        Args:
            zone: IANA zone of times without one.
        """
        ...

    def value_at(self, relation: SourceRelation, range_: Range, offset: int) -> str | None:
        """The watermark of the row at `offset` of the range, ordered by it; None behind its end."""
        ...

    def value_after(self, relation: SourceRelation, range_: Range, value: str) -> str | None:
        """The lowest watermark of the range that is higher than `value`."""
        ...

    def has_nulls(self, relation: SourceRelation, column: str) -> bool:
        """Whether a row has no value in the column."""
        ...

    def read(
        self, relation: SourceRelation, columns: tuple[ServerColumn, ...], range_: Range, again: Range | None
    ) -> Iterator[Any]:
        """Record batches of the rows in the range: the columns under their names, `name + FAR` beside columns of times.

        Args:
            again: Rows of which `AGAIN` is true; None for no such column.
        """
        ...

    def sample(self, relation: SourceRelation, columns: tuple[ServerColumn, ...], rows: int) -> Iterator[Any]:
        """As `read`, of some rows."""
        ...
