"""The journal of a segment that is not full yet: its rows, on disk within milliseconds, so that a source gets its acknowledgement early.

Without it a broker that waits for twenty acknowledgements at a time would decide how large segments are. A journal is named by the number
that its segment will have: after a kill it becomes that segment, unless the segment is there already.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from lakeward.sources.file_copy import sync_folder

_SUFFIX = ".journal"
# Of each frame: its length in bytes and its checksum. A frame is the schema, or rows, as Arrow writes them.
_HEAD = struct.Struct("<QI")


@dataclass(slots=True)
class Journal:
    """The journal of one segment, open for appending.

    Args:
        handle: Its open file, which is made with the first rows.
    """

    path: Path
    schema: Any
    handle: int | None = None
    _whole: int = field(default=0)

    @classmethod
    def of_segment(cls, folder: Path, number: int, schema: Any) -> "Journal":
        """The journal of the segment to come."""
        return cls(folder / f"{number:020d}{_SUFFIX}", schema)

    def append(self, batch: Any) -> None:
        """Append rows; on disk on return.

        Raises:
            OSError: The disk is full, or can't be written; the rows are not in the journal.
        """
        handle = self._create() if self.handle is None else self.handle
        frame = _frame(batch.serialize().to_pybytes())
        try:
            _write_all(handle, frame)
            os.fdatasync(handle)
        except OSError:
            # What is half written would hide the rows behind it.
            os.ftruncate(handle, self._whole)
            os.lseek(handle, self._whole, os.SEEK_SET)
            raise
        self._whole += len(frame)

    def remove(self) -> None:
        """Remove it: its rows are in a segment."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and leave it for the next collector."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    def _create(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        head = _frame(self.schema.serialize().to_pybytes())
        try:
            _write_all(handle, head)
            sync_folder(self.path.parent)
        except OSError:
            os.close(handle)
            self.path.unlink(missing_ok=True)
            raise
        self.handle, self._whole = handle, len(head)
        return handle


def unfinished_journals(folder: Path) -> list[tuple[int, Path]]:
    """Journals that another process left, with the numbers of their segments, in order."""
    return sorted((int(path.name.removesuffix(_SUFFIX)), path) for path in folder.glob(f"[0-9]*{_SUFFIX}"))


def read_journal(path: Path) -> Any | None:
    """The rows of a journal as an Arrow table, up to the first frame that is not whole: nothing behind it was acknowledged. None for no rows.

    Raises:
        OSError: It can't be read.
    """
    import pyarrow as pa  # noqa: PLC0415 -- an extra

    with path.open("rb") as file:
        frames = _frames(file)
        head = next(frames, None)
        if head is None:
            return None
        schema = pa.ipc.read_schema(pa.py_buffer(head))
        batches = [pa.ipc.read_record_batch(pa.py_buffer(frame), schema) for frame in frames]
    return pa.Table.from_batches(batches, schema) if batches else None


def _write_all(handle: int, content: bytes) -> None:
    """Write all of it: a disk that fills up takes a part, and fails only at the next write."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _frame(content: bytes) -> bytes:
    return _HEAD.pack(len(content), zlib.crc32(content)) + content


def _frames(file: BinaryIO) -> Iterator[bytes]:
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        content = file.read(length)
        if not content or len(content) < length or zlib.crc32(content) != checksum:
            return
        yield content
