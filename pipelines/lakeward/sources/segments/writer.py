"""Writes rows as segments: zstd Parquet of any columns. Rows of a source pass through Python here, and nowhere else; bytes stay as received.

pyarrow is imported when a segment is written: only what lands segments needs it, what reads them does not.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.errors import MachineError
from lakeward.sources.segments.journal import Journal, read_journal, unfinished_journals
from lakeward.sources.segments.store import LandedSegment, SegmentStore

# Columns of a message, in the order in which rows have them, as pyarrow calls their types.
MESSAGE_SCHEMA: Mapping[str, str] = {
    "topic": "string",
    "payload": "binary",
    "received_at": "timestamp[us, UTC]",
    "qos": "int8",
    "retain": "bool",
    "duplicate": "bool",
    "content_type": "string",
    "properties": "string",  # JSON: a list of pairs of texts
}
# Names that `pyarrow.type_for_alias` does not know.
_TYPES = {"timestamp[us, UTC]": ("us", "UTC")}


def message_schema(columns: Mapping[str, str] = MESSAGE_SCHEMA) -> Any:
    """The Arrow schema of these columns.

    Raises:
        MachineError: pyarrow is not installed.
    """
    pa = _pyarrow()
    types = {name: pa.timestamp(*_TYPES[kind]) if kind in _TYPES else pa.type_for_alias(kind) for name, kind in columns.items()}
    return pa.schema(list(types.items()))


@dataclass(slots=True, kw_only=True)
class SegmentWriter:
    """Collects rows: first in a journal, on disk within milliseconds, then as segments. Not safe for several threads.

    Args:
        bounds: Largest segment.
        schema: Arrow schema of the rows.
        number: Number of the last segment that is landed; each next one gets the following number.
        journal: Journal of the segment to come.
        lock: Open file whose lock shuts other collectors out.
        opened: Monotonic time of the first row of the segment to come, in seconds.
    """

    store: SegmentStore
    bounds: SegmentBounds
    schema: Any
    number: int
    journal: Journal
    lock: int
    opened: float = 0.0
    _rows: list[Sequence[object]] = field(default_factory=list)
    _batches: list[Any] = field(default_factory=list)
    _committed: int = 0
    _bytes: int = 0
    _waiting_bytes: int = 0

    @classmethod
    def open(cls, store: SegmentStore, bounds: SegmentBounds, schema: Any) -> "SegmentWriter":
        """A writer that goes on behind the newest segment; what a killed one left in its journal is landed first.

        Raises:
            MachineError: Another collector of the dataset runs on this machine; or the disk can't be written.
        """
        with ExitStack() as unless_opened:
            lock = _lock(store)
            unless_opened.callback(os.close, lock)
            _land_journals(store)
            number = store.newest()
            journal = Journal.of_segment(store.folder, number + 1, schema)
            unless_opened.pop_all()
        return cls(store=store, bounds=bounds, schema=schema, number=number, journal=journal, lock=lock)

    @property
    def waiting(self) -> int:
        """Rows that are not on disk."""
        return len(self._rows)

    @property
    def unlanded(self) -> int:
        """Rows that are in no segment yet."""
        return self._committed + len(self._rows)

    def add(self, row: Sequence[object], size: int, now: float) -> None:
        """Add a row of `schema`.

        Args:
            size: Bytes of its payload.
            now: Monotonic time in seconds.
        """
        if not self.unlanded:
            self.opened = now
        self._rows.append(row)
        self._bytes += size
        self._waiting_bytes += size

    def commit(self) -> None:
        """Write the rows that wait to the journal; on disk on return. After an error they still wait.

        Raises:
            MachineError: The disk is full, or can't be written.
        """
        if not self._rows:
            return
        pa = _pyarrow()
        columns = [pa.array(values, kind.type) for values, kind in zip(zip(*self._rows, strict=True), self.schema, strict=True)]
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        try:
            self.journal.append(batch)
        except FileExistsError:
            raise MachineError("segment_taken", folder=self.store.folder, number=self.number + 1) from None
        except OSError as error:
            found = error.strerror or type(error).__name__
            raise MachineError("segment_not_landed", folder=self.store.folder, found=found) from error
        self._batches.append(batch)
        self._committed += len(self._rows)
        self._rows, self._waiting_bytes = [], 0

    def withdraw(self) -> None:
        """Forget the rows that wait, which their sender keeps."""
        self._bytes -= self._waiting_bytes
        self._rows, self._waiting_bytes = [], 0

    def is_due(self, now: float) -> bool:
        """Whether a bound is reached: the rows should be landed now."""
        bounds = self.bounds
        full = self.unlanded >= bounds.rows or self._bytes >= bounds.bytes
        return full or (bool(self.unlanded) and now - self.opened >= bounds.seconds)

    def land(self) -> LandedSegment | None:
        """Land all rows as a segment, on disk on return; None without rows. After an error nothing is lost.

        Raises:
            MachineError: The disk is full or can't be written; or another process took the number (`segment_taken`).
        """
        self.commit()
        if not self._batches:
            return None
        landed = write_segment(self.store, self.number + 1, _pyarrow().Table.from_batches(self._batches, self.schema))
        self.journal.remove()
        self.number, self._batches, self._committed, self._bytes = landed.number, [], 0, 0
        self.journal = Journal.of_segment(self.store.folder, self.number + 1, self.schema)
        return landed

    def close(self) -> None:
        """Let other collectors go on; rows in the journal stay there for them."""
        self.journal.close()
        os.close(self.lock)


def _lock(store: SegmentStore) -> int:
    """A lock that the system frees with the process."""
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(store.folder / "collector.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise MachineError("segment_not_landed", folder=store.folder, found=error.strerror) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise MachineError("collector_running", folder=store.folder) from None
    return handle


def _land_journals(store: SegmentStore) -> None:
    """Land what a killed collector left; the journal of a segment that is there is only removed.

    Where the segment of its number is another machine's, the rows get the next number.
    """
    try:
        for number, path in unfinished_journals(store.folder):
            table, newest = read_journal(path), store.newest()
            if table is not None and (number > newest or not _holds(store.path(number), table)):
                write_segment(store, max(number, newest + 1), table)
            path.unlink(missing_ok=True)
    except OSError as error:
        raise MachineError("segment_not_landed", folder=store.folder, found=error.strerror) from error


def _holds(path: Path, table: Any) -> bool:
    """Whether the segment has just these rows, or was discarded."""
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as `_pyarrow`

    try:
        found = pq.read_table(path)
    except (OSError, _pyarrow().ArrowException):  # discarded; or damaged, which a run says
        return True
    return found.schema.names == table.schema.names and bool(found.cast(table.schema).equals(table))


def write_segment(store: SegmentStore, number: int, table: Any, metadata: Mapping[str, str] | None = None) -> LandedSegment:
    """Land an Arrow table as segment `number`, on disk on return.

    Args:
        table: Any columns.
        metadata: Texts to keep in the file, such as the position that its source has reached.

    Raises:
        MachineError: The disk is full or can't be written; or another process took the number (`segment_taken`).
    """
    pa = _pyarrow()
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as `_pyarrow`

    if metadata:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=max(table.num_rows, 1), store_schema=bool(metadata))
    landed = store.put(number, sink.getvalue().to_pybytes())
    if landed is None:
        raise MachineError("segment_taken", folder=store.folder, number=number)
    return landed


def segment_metadata(store: SegmentStore, number: int) -> dict[str, str]:
    """The texts that `write_segment` kept in a segment; empty for segment 0, which does not exist.

    Raises:
        InvariantError: The segment is missing.
        MachineError: It is damaged.
    """
    pa = _pyarrow()
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as `_pyarrow`

    if number == 0:
        return {}
    [segment] = store.segments(number - 1, number)
    try:
        found = pq.read_schema(segment.path).metadata or {}
    except (OSError, pa.ArrowException):
        raise MachineError("segment_damaged", file=segment.path) from None
    return {key.decode(): text.decode() for key, text in found.items() if not key.startswith(b"ARROW:")}


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError:
        raise MachineError("segments_without_arrow") from None
    return pa
