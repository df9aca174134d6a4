"""Byte strings of one Arrow column as numpy arrays, and back; needs the extra `protect`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

# Bytes of one matrix; more rows are taken in several.
_MATRIX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ByteColumn:
    """Values without NULL: `data[starts[i] : starts[i] + lengths[i]]` is value `i`."""

    data: Bytes
    starts: Integers
    lengths: Integers

    def __len__(self) -> int:
        return len(self.lengths)

    def value(self, row: int) -> bytes:
        """One value."""
        return self.data[self.starts[row] : self.starts[row] + self.lengths[row]].tobytes()

    def matrix(self, rows: Integers, width: int, skip: int = 0) -> Bytes:
        """Values as rows of `width` bytes, with zeros behind shorter ones.

        Args:
            skip: Bytes at the front of each value to leave out.
        """
        if not len(self.data):
            return np.zeros((len(rows), width), dtype=np.uint8)
        starts, lengths = self.starts[rows] + skip, self.lengths[rows] - skip
        places = np.arange(width, dtype=np.int64)
        found = self.data.take(starts[:, None] + places, mode="clip")
        found *= places < lengths[:, None]
        return found

    def groups(self, classes: Integers, width: int) -> Iterator[Integers]:
        """Rows of one class after the other, in parts that fit into memory.

        Args:
            width: Bytes of one row per class number.
        """
        for one in np.flatnonzero(np.bincount(classes)) if len(classes) else ():
            rows = np.flatnonzero(classes == one)
            step = max(1, _MATRIX_BYTES // max(1, width * int(one)))
            yield from (rows[at : at + step] for at in range(0, len(rows), step))


def read_column(column: Any) -> tuple[ByteColumn, Any]:
    """The values of an Arrow column of texts or byte strings that are not NULL, and which rows are NULL (None: no row)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # of no chunk
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    missing = array.is_null() if array.null_count else None
    array = array.drop_null()
    large = array.type in (pa.large_string(), pa.large_binary())
    kind = np.int64 if large else np.int32
    _, offsets, data = array.cast(pa.large_binary() if large else pa.binary()).buffers()
    if not len(array):
        return ByteColumn(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64)), missing
    ends = np.frombuffer(offsets, dtype=kind)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    return ByteColumn(content, ends[:-1], np.diff(ends)), missing


def write_column(data: Bytes, lengths: Integers, missing: Any, *, text: bool) -> Any:
    """An Arrow column of consecutive values, of at most 2 GiB, with NULL where `missing` says so."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    kind = pa.string() if text else pa.binary()
    array = pa.Array.from_buffers(kind, len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    if missing is None:
        return array
    places = np.cumsum(~np.asarray(missing)) - 1
    return array.take(pa.array(places, mask=np.asarray(missing)))
