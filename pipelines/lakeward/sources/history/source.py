"""The history of an OPC UA server's nodes as a replayable source: its windows are landed as segments, and a run reads those."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.opcua_address import read_node_mapping
from lakeward.contracts.source import OpcUaHistorySource
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.sources.protocols import BatchLimit, ReceiveResult, WaitingInput
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.segments.store import SegmentStore
from lakeward.sources.segments.writer import segment_metadata
from lakeward.sources.sql.landing import METADATA_KEY, WindowLanding

if TYPE_CHECKING:
    from lakeward.sources.collectors.opcua.history import HistorySession

# File of the time up to which windows without a value were read.
REACHED = "reached"


class _UnchangedError(Exception):
    """The span has the same values as when it was landed before."""


@dataclass(slots=True, kw_only=True)
class OpcUaHistory:
    """The history of the nodes in `series.csv`.

    Args:
        segments: The landed windows as numbered inputs.
        series_file: The mapping, whose addresses are the nodes.
        connect: Gives a connection by its name.
        until: Where this run ends; None where it is not receiving.
    """

    segments: SegmentSource
    source: OpcUaHistorySource
    series_file: Path
    connect: Callable[[str], ConnectionSettings]
    clock: Clock = field(default_factory=SystemClock)
    until: datetime | None = None

    @property
    def store(self) -> SegmentStore:
        """The landed segments."""
        return self.segments.store

    @property
    def landing(self) -> WindowLanding:
        """Where windows are landed."""
        return WindowLanding.of_dataset(self.segments.landing, self.segments.dataset)

    def waiting(self, start: int) -> WaitingInput:
        """See `Source.waiting`. Only a read can say whether a settled time has values, so one input is taken to wait."""
        landed = self.segments.waiting(start)
        if landed.files or self._reached() >= self._settled():
            return landed
        return WaitingInput(1, 0, is_packed=True)

    def receive(self) -> ReceiveResult:
        """Land the first window with values; `plan` lands those that follow, up to what has settled now.

        Raises:
            LakewardError: The server can't be reached, or a node has no history.
        """
        self.segments.receive()
        self.until = self._settled()
        return ReceiveResult(self._land_next(), 0, ())

    def plan(self, start: int, limit: BatchLimit) -> int:
        """See `Source.plan`."""
        if self.until is not None and self.store.newest() <= start:
            self._land_next()
        return self.segments.plan(start, limit)

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """See `Source.inputs`."""
        return self.segments.inputs(start, end)

    def discard(self, end: int) -> None:
        """See `Source.discard`."""
        self.segments.discard(end)

    def receive_span(self, column: str, since: datetime, until: datetime) -> int:
        """Land the values with `since <= time < until`, beside the running position, which stays.

        Args:
            column: The time column; of a history it is the time of the source.
            since, until: Aware times.

        Returns:
            The number of segments; 0 if the same values were landed for this span before.

        Raises:
            LakewardError: As `receive`.
        """
        del column
        self.segments.receive()
        count, step = 0, timedelta(minutes=self.source.window_minutes)
        with self._open() as session, self.landing.lock():
            while since < until:
                end = min(since + step, until)
                count += self._land_span(session, since, end)
                since = end
        return count

    def _land_span(self, session: "HistorySession", since: datetime, until: datetime) -> int:
        name = f"span-{sha256(f'{since.isoformat()}/{until.isoformat()}'.encode()).hexdigest()[:32]}"
        known, digest = self.landing.read_file(name), sha256()

        def files() -> dict[str, bytes]:
            if known == digest.hexdigest().encode():
                raise _UnchangedError
            return {name: digest.hexdigest().encode()}

        def batches() -> Iterator[Any]:
            for batch in session.read(since, until):
                for values in (batch.column("topic"), batch.column("payload")):
                    digest.update(repr(values.to_pylist()).encode())
                yield batch

        metadata = {"until": self._reached().isoformat(), "span": [since.isoformat(), until.isoformat()]}
        try:
            return self.landing.land(batches(), metadata, files)
        except _UnchangedError:
            return 0

    def _land_next(self) -> int:
        """Land the next window with values; 0 if the run has reached its end."""
        step = timedelta(minutes=self.source.window_minutes)
        start = self._reached()
        if self.until is None or start >= self.until:
            self.until = None
            return 0
        with self._open() as session, self.landing.lock():
            while self.until and start < self.until:
                end = min(start + step, self.until)
                count = self.landing.land(session.read(start, end), {"until": end.isoformat()})
                if count:
                    return count
                self.landing.write_file(REACHED, end.isoformat().encode())
                start = end
        self.until = None
        return 0

    def _reached(self) -> datetime:
        """The time up to which history was read."""
        known = [self.source.start]
        if content := self.landing.read_file(REACHED):
            known.append(datetime.fromisoformat(content.decode()))
        if text := segment_metadata(self.store, self.store.newest()).get(METADATA_KEY):
            known.append(datetime.fromisoformat(json.loads(text)["until"]))
        return max(known)

    def _settled(self) -> datetime:
        """Up to here the server's history is taken to be complete."""
        return self.clock.now() - timedelta(seconds=self.source.settle_seconds)

    def _open(self) -> "HistorySession":
        from lakeward.sources.collectors.opcua.history import HistorySession  # noqa: PLC0415 -- imports an extra

        return HistorySession(
            connection=self.connect(self.source.connection), entries=read_node_mapping(self.series_file), clock=self.clock
        )
