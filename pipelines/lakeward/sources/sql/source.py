"""A table of a database as a replayable source: its windows are landed as segments, and a run reads those."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.source import SqlSource, WatermarkMode
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import DefinitionError
from lakeward.sources.protocols import BatchLimit, ReceiveResult, WaitingInput
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.segments.store import SegmentStore
from lakeward.sources.segments.writer import segment_metadata
from lakeward.sources.sql.digests import RowSum, SeenRows
from lakeward.sources.sql.landing import METADATA_KEY, WindowLanding
from lakeward.sources.sql.opening import open_server
from lakeward.sources.sql.position import Position
from lakeward.sources.sql.server import Range, ServerColumn, SourceRelation, SqlServer, WatermarkKind
from lakeward.sources.sql.windows import Window, WindowPlanner

SEEN = "seen"


@dataclass(slots=True, kw_only=True)
class SqlTable:
    """A table, view or query.

    Args:
        segments: The landed windows as numbered inputs.
        names: The contract's columns, as the database calls them.
        zone: IANA zone of times without one.
        contract_version: A changed type of a column is taken only with a new one.
        folder: Folder of the dataset, where the query's file lies.
        connect: Gives a connection by its name.
        until: Where this run ends; None before `receive`.
    """

    segments: SegmentSource
    source: SqlSource
    names: tuple[str, ...]
    zone: str | None
    contract_version: str
    folder: Path
    connect: Callable[[str], ConnectionSettings]
    until: str | None = None
    is_receiving: bool = False

    @property
    def store(self) -> SegmentStore:
        """The landed segments."""
        return self.segments.store

    @property
    def landing(self) -> WindowLanding:
        """Where windows are landed."""
        return WindowLanding.of_dataset(self.segments.landing, self.segments.dataset)

    def waiting(self, start: int) -> WaitingInput:
        """See `Source.waiting`. With a look back only a run can say whether a row is new, so one input is taken to wait."""
        landed = self.segments.waiting(start)
        if landed.files or self.source.watermark.mode is not WatermarkMode.XID8:
            return landed if landed.files else WaitingInput(1, 0, is_packed=True)
        with self._open() as planner:
            window = planner.next_window(Position.newest(self.store, self.source), None)
        return WaitingInput(1, 0, is_packed=True) if window else landed

    def receive(self) -> ReceiveResult:
        """Land the first window; `plan` lands those that follow, up to what was committed now.

        Raises:
            LakewardError: The database can't be reached or read, or the contract does not fit it.
        """
        self.segments.receive()
        self.is_receiving, self.until = True, None
        return ReceiveResult(self._land_next(), 0, ())

    def plan(self, start: int, limit: BatchLimit) -> int:
        """The end of the next batch; windows of a backfill are in no batch with others."""
        if self.is_receiving and self.store.newest() <= start:
            self._land_next()
        end = self.segments.plan(start, limit)
        kinds = {number: self._backfill(number) for number in range(start + 1, end + 1)}
        return next((number - 1 for number in range(start + 2, end + 1) if kinds[number] != kinds[start + 1]), end)

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """See `Source.inputs`."""
        return self.segments.inputs(start, end)

    def discard(self, end: int) -> None:
        """See `Source.discard`."""
        self.segments.discard(end)

    def receive_span(self, column: str, since: datetime, until: datetime) -> int:
        """Land the rows with `since <= column < until`, beside the running position, which stays.

        Args:
            column: A column of times, as the database calls it.
            since, until: Aware times.

        Returns:
            The number of segments; 0 if the same rows were landed for this span before.

        Raises:
            LakewardError: As `receive`; or the column is no time.
        """
        self.segments.receive()
        with self._open() as planner, self.landing.lock():
            rows = self._span(planner, column, since, until)
            name = f"span-{sha256(f'{column}/{rows.start}/{rows.stop}'.encode()).hexdigest()[:32]}"
            known, columns = self.landing.read_file(name), self._columns(planner)
            if known is not None and known == self._sum(planner, columns, rows):
                return 0
            total = RowSum()
            batches = total.add(planner.server.read(planner.relation, columns, rows, None))
            metadata = Position.newest(self.store, self.source).for_span((rows.start or "", rows.stop or "")).metadata()
            return self.landing.land(batches, metadata, lambda: {name: total.content()})

    def _span(self, planner: WindowPlanner, column: str, since: datetime, until: datetime) -> Range:
        found = {one.name: one for one in planner.server.columns(planner.relation)}
        kind = planner.server.watermark_kind(found[column]) if column in found else None
        if kind is WatermarkKind.INSTANT:
            zone: tzinfo = UTC
        elif kind is WatermarkKind.LOCAL and self.zone:
            zone = ZoneInfo(self.zone)
        else:
            raise DefinitionError("backfill_no_time", column=column, found=found[column].type if column in found else "-")
        times = (each.astimezone(zone) for each in (since, until))
        start, stop = (str(each if kind is WatermarkKind.INSTANT else each.replace(tzinfo=None)) for each in times)
        return Range(column=column, kind=kind, start=start, stop=stop)

    def _sum(self, planner: WindowPlanner, columns: tuple[ServerColumn, ...], rows: Range) -> bytes:
        total = RowSum()
        for _ in total.add(planner.server.read(planner.relation, columns, rows, None)):
            pass
        return total.content()

    def _land_next(self) -> int:
        """Land the next window; 0 if the run has reached its end."""
        if not self.is_receiving:
            return 0
        with self._open() as planner, self.landing.lock():
            position = Position.newest(self.store, self.source)
            if self.source.watermark.mode is WatermarkMode.XID8 and self.until is None:
                self.until = str(planner.server.transaction_bounds()[0])
            while window := planner.next_window(position, self.until):
                count = self._land(planner, position, window)
                self.is_receiving = not window.is_last
                if count or window.is_last:
                    return count
                position = position.advance(window.position, position.types, position.contract_version)
            self.is_receiving = False
        return 0

    def _land(self, planner: WindowPlanner, position: Position, window: Window) -> int:
        columns = self._columns(planner)
        types = {column.name: column.type for column in (*columns, planner.column)}
        self._check_types(position, types)
        metadata = position.advance(window.position, types, self.contract_version).metadata()
        batches: Iterable[Any] = planner.server.read(planner.relation, columns, window.rows, window.again)
        if window.again is None:
            return self.landing.land(batches, metadata)
        seen = SeenRows(self.landing.read_file(SEEN))
        return self.landing.land(seen.new_rows(batches), metadata, lambda: {SEEN: seen.content()})

    def _check_types(self, position: Position, types: Mapping[str, str]) -> None:
        """That a column has the type of before, unless the contract has a new version."""
        changed = [name for name, type_ in types.items() if position.types.get(name, type_) != type_]
        if changed and position.contract_version == self.contract_version:
            name = changed[0]
            raise DefinitionError("sql_type_changed", column=name, expected=position.types[name], found=types[name])

    def _columns(self, planner: WindowPlanner) -> tuple[ServerColumn, ...]:
        found = {column.name: column for column in planner.server.columns(planner.relation)}
        missing = [name for name in self.names if name not in found]
        if missing:
            raise DefinitionError("sql_column_missing", columns=", ".join(missing), found=", ".join(found))
        return tuple(found[name] for name in self.names)

    @contextmanager
    def _open(self) -> Iterator[WindowPlanner]:
        relation = self._relation()
        with open_server(self.connect(self.source.connection)) as server:
            yield self._planner(server, relation)

    def _planner(self, server: SqlServer, relation: SourceRelation) -> WindowPlanner:
        name = self.source.watermark.column
        found = {column.name: column for column in server.columns(relation)}
        if name not in found:
            raise DefinitionError("sql_column_missing", columns=name, found=", ".join(found))
        return WindowPlanner(server=server, relation=relation, source=self.source, column=found[name], zone=self.zone)

    def _relation(self) -> SourceRelation:
        if self.source.query is None:
            return SourceRelation(table=self.source.table)
        file = self.folder / self.source.query
        try:
            text = file.read_text(encoding="utf-8").strip().removesuffix(";")
        except (OSError, UnicodeDecodeError):
            raise DefinitionError("sql_query_missing", file=file) from None
        return SourceRelation(query=text)

    def _backfill(self, number: int) -> str:
        """What a segment's window was read beside the others for; empty for one of the running windows."""
        text = segment_metadata(self.store, number).get(METADATA_KEY)
        return str(json.loads(text)["backfill"]) if text else ""
