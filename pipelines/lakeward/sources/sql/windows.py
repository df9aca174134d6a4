"""Where a window ends, by the kind of watermark (docs/explanation/sql.md). A window's end is found before a row of it is read."""

from dataclasses import dataclass

from lakeward.contracts.source import SqlSource, WatermarkMode
from lakeward.core.errors import DefinitionError, MachineError
from lakeward.sources.sql.position import Position
from lakeward.sources.sql.server import Range, ServerColumn, SourceRelation, SqlServer, WatermarkKind

# Clocks of a plant without a zone in their times are set back an hour once a year.
_CLOCK_CHANGE_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A range of rows to read, and the position behind it.

    Args:
        again: Rows that the next window reads again; None where none is.
        is_last: Whether nothing lies behind it now.
    """

    rows: Range
    position: str | None
    again: Range | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlanner:
    """Finds the next window of one table.

    Args:
        column: The watermark's column, as the server describes it.
        zone: IANA zone of times without one.
    """

    server: SqlServer
    relation: SourceRelation
    source: SqlSource
    column: ServerColumn
    zone: str | None

    def next_window(self, position: Position, until: str | None) -> Window | None:
        """The window behind the position; None if there is none.

        Args:
            until: xid8: where this run ends; None for what is finished now.

        Raises:
            DefinitionError: The column can't be a watermark of this mode.
            MachineError: Rows of the table can't be found by it.
        """
        kind = self._kind()
        if kind is WatermarkKind.XID8:
            return self._next_transactions(position, until)
        return self._next_values(position, kind)

    def _kind(self) -> WatermarkKind:
        kind = self.server.watermark_kind(self.column)
        wanted = self.source.watermark.mode
        if kind is None or (kind is WatermarkKind.XID8) != (wanted is WatermarkMode.XID8):
            raise DefinitionError("sql_watermark_type", column=self.column.name, found=self.column.type or "-", mode=wanted)
        if kind is WatermarkKind.LOCAL and self.zone is None:
            raise DefinitionError("sql_watermark_zone", column=self.column.name, found=self.column.type)
        return kind

    def _next_transactions(self, position: Position, until: str | None) -> Window | None:
        """Rows of transactions that had all ended: no later commit can add a row below the end."""
        finished, unborn = self.server.transaction_bounds()
        self._check_transactions(position, finished, unborn)
        rows = Range(column=self.column.name, kind=WatermarkKind.XID8, start=position.value, stop=until or str(finished))
        first = self.server.value_at(self.relation, rows, 0)
        if first is None:
            return None
        cut = self.server.value_at(self.relation, rows, self.source.window_rows)
        stop = rows.stop if cut is None else max(int(cut), int(first) + 1)
        return Window(rows=rows.after(rows.start, str(stop)), position=str(stop), is_last=cut is None)

    def _check_transactions(self, position: Position, finished: int, unborn: int) -> None:
        """That the numbers are this server's: those of a dump that was restored elsewhere would be passed over in silence."""
        future = Range(column=self.column.name, kind=WatermarkKind.XID8, start=str(unborn))
        is_foreign = int(position.value or 0) > finished or self.server.value_at(self.relation, future, 0) is not None
        if is_foreign:
            raise MachineError("sql_foreign_transactions", column=self.column.name, position=position.value or "0", found=unborn)
        if self.column.nullable and self.server.has_nulls(self.relation, self.column.name):
            raise MachineError("sql_watermark_null", column=self.column.name)

    def _next_values(self, position: Position, kind: WatermarkKind) -> Window | None:
        """Rows from the look back on: up to a cut if there are many, else all, those of a clock that is ahead included."""
        rows = Range(column=self.column.name, kind=kind, start=position.value)
        newest = self.server.newest(self.relation, rows, self.zone)
        if newest is None and not self.column.nullable:
            return None
        back = self._back(kind)
        cut = self._cut(rows.after(position.value, newest)) if newest is not None else None
        end = cut or newest
        read = Range(
            column=self.column.name, kind=kind, start=position.value, stop=cut, back=back, with_nulls=self.column.nullable
        )
        again = Range(column=self.column.name, kind=kind, start=end, back=back, with_nulls=self.column.nullable)
        return Window(rows=read, position=end, again=again, is_last=cut is None)

    def _back(self, kind: WatermarkKind) -> int:
        lookback = self.source.watermark.lookback
        return lookback + _CLOCK_CHANGE_SECONDS if kind is WatermarkKind.LOCAL else lookback

    def _cut(self, rows: Range) -> str | None:
        """The value at which the window ends before the newest; None if all fit."""
        cut = self.server.value_at(self.relation, rows, self.source.window_rows)
        if cut is None:
            return None
        first = self.server.value_at(self.relation, rows, 0)
        if first != cut:
            return cut
        after = self.server.value_after(self.relation, rows, cut)
        # A driver that gives a time with fewer digits than the column has can't tell the next one.
        return after if after != cut else None
