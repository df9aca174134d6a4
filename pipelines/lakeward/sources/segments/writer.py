"""Writes rows as segments: zstd Parquet of any columns. Rows of a source pass through Python here, and nowhere else; bytes stay as received.

pyarrow is imported when a segment is written: only what lands segments needs it, what reads them does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakeward.contracts.source import SegmentBounds
from lakeward.core.errors import MachineError
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
    """Collects rows and lands them as segments, one after the other. Not safe for several threads.

    Args:
        bounds: Largest segment.
        schema: Arrow schema of the rows.
        number: Number of the last segment that is landed; each next one gets the following number.
        opened: Monotonic time of the first row that waits, in seconds.
    """

    store: SegmentStore
    bounds: SegmentBounds
    schema: Any
    number: int
    opened: float = 0.0
    _rows: list[Sequence[object]] = field(default_factory=list)
    _bytes: int = 0

    @classmethod
    def open(cls, store: SegmentStore, bounds: SegmentBounds, schema: Any) -> "SegmentWriter":
        """A writer that goes on behind the newest segment."""
        return cls(store=store, bounds=bounds, schema=schema, number=store.newest())

    @property
    def waiting(self) -> int:
        """Rows that are not landed."""
        return len(self._rows)

    def add(self, row: Sequence[object], size: int, now: float) -> None:
        """Add a row of `schema`.

        Args:
            size: Bytes of its payload.
            now: Monotonic time in seconds.
        """
        if not self._rows:
            self.opened = now
        self._rows.append(row)
        self._bytes += size

    def is_due(self, now: float) -> bool:
        """Whether a bound is reached: the rows should be landed now."""
        bounds = self.bounds
        full = len(self._rows) >= bounds.rows or self._bytes >= bounds.bytes
        return full or (bool(self._rows) and now - self.opened >= bounds.seconds)

    def land(self) -> LandedSegment | None:
        """Land the waiting rows, on disk on return; None without rows. After an error they still wait.

        Raises:
            MachineError: The disk is full or can't be written; or another process took the number (`segment_taken`).
        """
        if not self._rows:
            return None
        pa = _pyarrow()
        columns = [pa.array(values, type_.type) for values, type_ in zip(zip(*self._rows, strict=True), self.schema, strict=True)]
        table = pa.Table.from_arrays(columns, schema=self.schema)
        landed = write_segment(self.store, self.number + 1, table)
        self.number, self._rows, self._bytes = landed.number, [], 0
        return landed


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
