"""The segments of a lake in an object store: they lie there under the names that they have here, and this machine has copies.

What is landed here is stored before a batch is planned with it. Segments of one window are stored from the last to the first, so that
all of them count from one moment on: those behind a gap count for nothing. A segment that was never stored, and whose number another
machine took meanwhile, is read again from its source, or gets another number where its source has no copy of it.
"""

import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.bucket import CopiedBucket
from lakeward.sources.file_copy import scratch_file
from lakeward.sources.segments.side_files import SideFiles
from lakeward.sources.segments.store import SegmentStore

_SEGMENTS = "segments"
# Object with the number of the newest segment that was discarded.
_DISCARDED = "discarded"
# File with the number of the newest segment that this machine knows to be stored; and the lock of who changes the copies.
_MARK, _LOCK = ".segments_stored", ".copies.lock"


@dataclass(frozen=True, slots=True)
class UnreadSegment:
    """A segment that no batch has.

    Args:
        size: Bytes of its file.
        landed_at: Seconds since 1970.
    """

    number: int
    size: int
    landed_at: float


@dataclass(frozen=True, slots=True)
class SegmentCopies:
    """The segments of one dataset in an object store, with this machine's copies.

    Args:
        landing: Folder of the copies of all datasets.
        dataset: Its name as it is stored.
        is_reread: Whether the rows of a segment that was never stored are read from the source again.
    """

    store: CopiedBucket
    landing: Path
    dataset: str
    is_reread: bool

    @property
    def segments(self) -> SegmentStore:
        """The copies."""
        return SegmentStore.of_dataset(self.landing, self.dataset)

    def sync(self) -> int:
        """Take over what other machines stored, and store what is only here; returns the number of the newest stored segment.

        The newest segment is fetched too, so that numbers and positions go on from it; older ones are fetched when they are read.

        Raises:
            StoreConflictError: Another machine stored a segment of the same number at the same time.
            MachineError: The store can't be reached, or refuses; or a file can't be written.
        """
        with self._lock():
            known, there = self._stored_after_known()
            newest = _last_of_row(known, there)
            self._settle_conflicts(known, newest)
            self._fetch(newest)
            self._side_files.fetch(newest)
            unsent = [number for number in range(newest + 1, self.segments.newest() + 1) if self.segments.path(number).is_file()]
            end = unsent[-1] if unsent else newest
            self._side_files.store_changed(end)
            if unsent:
                self._store(unsent, {number for number in there if number > newest})
            self._mark(end)
            return end

    def settle(self) -> int:
        """As `sync`, where something here may not be stored; otherwise nothing is asked."""
        known = self._known_number()
        is_stored = self.segments.newest() <= known and not self._side_files.has_changed()
        return known if is_stored else self.sync()

    def fetch(self, start: int, end: int) -> None:
        """Fetch the segments `start < number <= end` that are not here. Raises as `sync`."""
        for number in range(start + 1, end + 1):
            self._fetch(number)

    def unread_segments(self, start: int) -> list[UnreadSegment]:
        """The segments after `start`, here or in the store, in order. Nothing is fetched. Raises as `sync`."""
        stored = self.store.walk(self.name(_SEGMENTS), after=self._below(start))
        found = {_number(name): UnreadSegment(_number(name), size, modified_at) for name, size, modified_at in stored}
        for one in self.segments.kept(self.segments.newest()):
            if one.number > max([start, *found]):
                found[one.number] = UnreadSegment(one.number, one.size, one.path.stat().st_mtime)
        return list(found.values())

    def discard(self, end: int, before: datetime) -> None:
        """Delete segments up to `end` that were stored before this time, but the newest. Raises as `sync`."""
        newest = self._known_number()
        old = itertools.takewhile(
            lambda found: _number(found[0]) <= min(end, newest - 1) and found[2] < before.timestamp(),
            self.store.walk(self.name(_SEGMENTS)),
        )
        if numbers := [_number(name) for name, _, _ in old]:
            self.store.replace(self.name(_DISCARDED), str(numbers[-1]).encode())  # first: a gap without it counts for nothing
        for number in numbers:
            self.store.delete(self.name(f"{_SEGMENTS}/{self._below(number)}"))
            self.segments.discard(number)

    def name(self, name: str) -> str:
        """The name in the store of a file of the dataset's landing."""
        return f"{self.landing.name}/{self.dataset}/{name}".rstrip("/")

    @property
    def _side_files(self) -> SideFiles:
        return SideFiles(self.store, self.landing / self.dataset, self.name(""))

    def _settle_conflicts(self, known: int, newest: int) -> None:
        """Make room for segments that others stored under the numbers of unsent ones."""
        own = [number for number in range(known + 1, self.segments.newest() + 1) if self.segments.path(number).is_file()]
        taken = next((number for number in own if number <= newest and not self._is_stored(number)), None)
        if taken is None:
            return
        for number in reversed([number for number in own if number >= taken]):
            if self.is_reread:
                self.segments.path(number).unlink()
            else:
                self.segments.move(number, number + newest - taken + 1)

    def _store(self, unsent: list[int], orphans: set[int]) -> None:
        for number in orphans if self.is_reread else ():  # of a machine that ended before its window counted
            self.store.delete(self.name(f"{_SEGMENTS}/{self._below(number)}"))
        for number in reversed(unsent) if self.is_reread else unsent:
            key, data = self.name(f"{_SEGMENTS}/{self._below(number)}"), self.segments.path(number).read_bytes()
            if not self.store.create(key, data) and self.store.read(key) != data:
                raise StoreConflictError("landing_taken", file=key)

    def _is_stored(self, number: int) -> bool:
        stored = self.store.read(self.name(f"{_SEGMENTS}/{self._below(number)}"))
        return stored == self.segments.path(number).read_bytes()

    def _fetch(self, number: int) -> None:
        target = self.segments.path(number)
        if number and not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            with scratch_file(target.parent) as draft:
                if self.store.download(self.name(f"{_SEGMENTS}/{self._below(number)}"), draft):
                    draft.replace(target)

    def _stored_after_known(self) -> tuple[int, list[int]]:
        """The number of the newest segment that is known to be stored, if it still is, and the numbers of those behind it."""
        known = self._known_number()
        there = self._numbers(max(known - 1, 0))
        if known and there[:1] != [known]:  # the lake was restored to what it was before
            known = self._discarded_number()
            return known, self._numbers(known)
        return known, there[1:] if known else there

    def _numbers(self, after: int) -> list[int]:
        """Numbers of the stored segments after this one, in order."""
        return [_number(name) for name, _ in self.store.list_tags(self.name(_SEGMENTS), self._below(after))]

    def _known_number(self) -> int:
        """Number of the newest segment that is known to be stored, or was discarded."""
        try:
            return int((self.landing / self.dataset / _MARK).read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return self._discarded_number()

    def _discarded_number(self) -> int:
        return int(self.store.read(self.name(_DISCARDED)) or 0)

    def _mark(self, number: int) -> None:
        (self.landing / self.dataset / _MARK).write_text(str(number), encoding="ascii")

    def _below(self, number: int) -> str:
        """Name of a segment below the folder of all."""
        return self.segments.path(number).relative_to(self.segments.folder).as_posix()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        folder = self.landing / self.dataset
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _last_of_row(known: int, numbers: list[int]) -> int:
    """The last of the numbers that follow `known` without a gap."""
    for number in numbers:
        if number != known + 1:
            break
        known = number
    return known


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].partition(".")[0])
