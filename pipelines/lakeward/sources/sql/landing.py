"""Lands windows: all segments of one, or none. They are written aside, made ready by one rename, and linked under their numbers.

A kill before the rename leaves a draft, which is removed and read again; a kill behind it leaves a ready window, which is linked to its end.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.errors import MachineError
from lakeward.core.storage.links import link_new
from lakeward.sources.file_copy import scratch_file, sync_folder
from lakeward.sources.segments.store import SegmentStore
from lakeward.sources.sql.far_times import with_far_times

# Largest segment: rows that one scan reads well, and bytes of Arrow that two of which fit any memory.
SEGMENT_ROWS, SEGMENT_BYTES = 250_000, 48 << 20
# Rows by which a column is judged.
SAMPLE_ROWS = 10_000
METADATA_KEY = "lakeward.window"
_READY, _DRAFT, _SUFFIX = "ready-", ".draft-", ".parquet"


@dataclass(frozen=True, slots=True)
class WindowLanding:
    """The place of a dataset's windows beside its segments.

    Args:
        folder: Drafts, ready windows, and what is known for the next one.
    """

    store: SegmentStore
    folder: Path

    @classmethod
    def of_dataset(cls, landing: Path, dataset: str) -> "WindowLanding":
        """The windows of a dataset."""
        return cls(SegmentStore.of_dataset(landing, dataset), landing / dataset / "windows")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process land at a time, the others wait; first ends what a killed one began.

        Raises:
            MachineError: The landing can't be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.store.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise self._fault(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._recover()
            yield
        finally:
            os.close(handle)

    def land(
        self, batches: Iterable[Any], metadata: Mapping[str, object], files: Callable[[], Mapping[str, bytes]] = dict
    ) -> int:
        """Land the rows as segments, each with the metadata, and the files under their names in `folder`; on disk on return.

        Args:
            files: Gives what is known with the window; called when all rows were read.

        Returns:
            The number of segments; 0 without rows, and then nothing is kept.

        Raises:
            MachineError: The disk is full or can't be written; nothing is landed.
        """
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder))
        try:
            count = _write_segments(draft, batches, json.dumps(metadata))
            if count:
                for name, content in files().items():
                    _write(draft / name, content)
                sync_folder(draft)
                ready = self.folder / f"{_READY}{self.store.newest() + 1:020d}"
                draft.rename(ready)
                sync_folder(self.folder)
                self._publish(ready)
        except OSError as error:
            raise self._fault(error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return count

    def read_file(self, name: str) -> bytes | None:
        """What was landed with a window under this name; None for nothing."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def write_file(self, name: str, content: bytes) -> None:
        """Keep what `read_file` reads, without a window; on disk on return.

        Raises:
            MachineError: The disk is full or can't be written.
        """
        try:
            with scratch_file(self.folder) as draft:
                _write(draft, content)
                draft.replace(self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            raise self._fault(error) from error

    def _recover(self) -> None:
        try:
            for path in sorted(self.folder.iterdir()):
                if path.name.startswith(_READY):
                    self._publish(path)
                elif path.name.startswith(_DRAFT):
                    shutil.rmtree(path, ignore_errors=True)
        except OSError as error:
            raise self._fault(error) from error

    def _publish(self, ready: Path) -> None:
        """Link the segments, then move the files that came with them; what is done already stays."""
        first = int(ready.name.removeprefix(_READY))
        segments = sorted(ready.glob(f"*{_SUFFIX}"))
        for number, path in enumerate(segments, first):
            target = self.store.path(number)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                link_new(path, target)
            except FileExistsError:
                if not target.samefile(path):
                    raise MachineError("segment_taken", folder=self.store.folder, number=number) from None
        for folder in {self.store.path(number).parent for number in range(first, first + len(segments))}:
            sync_folder(folder)
        for path in ready.iterdir():
            if path.suffix != _SUFFIX:
                path.replace(self.folder / path.name)
        sync_folder(self.folder)
        shutil.rmtree(ready)

    def _fault(self, error: OSError) -> MachineError:
        return MachineError("window_not_landed", folder=self.folder, found=error.strerror or type(error).__name__)


def _write_segments(folder: Path, batches: Iterable[Any], metadata: str) -> int:
    """Write each segment while the rows of the next one come."""
    count, pending = 0, None
    with ThreadPoolExecutor(max_workers=1) as writer:
        for count, rows in enumerate(_collect_segments(batches), 1):
            if pending:
                pending.result()
            pending = writer.submit(_write_segment, folder / f"{count - 1:08d}{_SUFFIX}", rows, metadata)
        if pending:
            pending.result()
    return count


def _collect_segments(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """The record batches of each segment, as they come; none without rows."""
    held, rows, size = [], 0, 0
    for batch in batches:
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= SEGMENT_ROWS or size >= SEGMENT_BYTES:
            yield held
            held, rows, size = [], 0, 0
    if rows:
        yield held


def _write_segment(path: Path, batches: list[Any], metadata: str) -> None:
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    table = with_far_times(pa.Table.from_batches(batches)).replace_schema_metadata({METADATA_KEY: metadata})
    repeated = [name for name in table.column_names if _is_repeated(table[name])]
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd", row_group_size=table.num_rows, use_dictionary=repeated)
        file.flush()
        os.fsync(file.fileno())


def _is_repeated(column: Any) -> bool:
    """Whether the first values of a column repeat each other: a dictionary of others takes longer to make than it saves."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.compute as pc  # noqa: PLC0415 -- as above

    first = column.slice(0, SAMPLE_ROWS)
    try:
        return bool(pc.count_distinct(first).as_py() * 2 <= len(first))
    except pa.ArrowNotImplementedError:  # a type whose values it does not compare
        return True


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
