"""The numbered segments of one dataset: each number can be taken once, and a missing one is an error.

A segment that is there is whole and on disk: it is written under another name, synced, and then linked to its number.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import InvariantError, MachineError
from lakeward.core.storage.links import link_new
from lakeward.sources.file_copy import scratch_file, sync_folder

# Segments of one folder, so that the newest is found without listing all.
PER_FOLDER = 10_000
# Twenty digits hold every 64-bit number, so names sort as numbers do.
_SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class LandedSegment:
    """A segment on disk.

    Args:
        number: From 1 without gaps.
        size: Bytes of its file.
    """

    number: int
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class SegmentStore:
    """The segments in a folder of the landing.

    Args:
        folder: The folder; it need not exist before the first segment.
        per_folder: Segments of one folder below it, for ever the same of a dataset.
    """

    folder: Path
    per_folder: int = PER_FOLDER

    @classmethod
    def of_dataset(cls, landing: Path, dataset: str) -> "SegmentStore":
        """The segments of a dataset."""
        return cls(landing / dataset / "segments")

    def path(self, number: int) -> Path:
        """Path of a segment, which need not exist."""
        return self.folder / f"{number // self.per_folder:016d}" / f"{number:020d}{_SUFFIX}"

    def newest(self) -> int:
        """Number of the newest segment; 0 before the first. It is never discarded."""
        return next((max(numbers) for folder in reversed(self._folders()) if (numbers := _numbers(folder))), 0)

    def segments(self, start: int, end: int) -> tuple[LandedSegment, ...]:
        """The segments `start < number <= end`.

        Raises:
            InvariantError: One of them is missing, because it was removed.
        """
        return tuple(self._segment(number) for number in range(start + 1, end + 1))

    def put(self, number: int, content: bytes) -> LandedSegment | None:
        """Write a segment and sync it to disk; None if the number is taken, which means that another process lands here, too.

        Raises:
            MachineError: The disk is full, or the landing can't be written; nothing is there under this number.
        """
        path = self.path(number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with scratch_file(path.parent) as draft:
                _write_synced(draft, content)
                link_new(draft, path)
            sync_folder(path.parent)
        except FileExistsError:
            return None
        except OSError as error:
            raise MachineError("segment_not_landed", folder=self.folder, found=error.strerror or type(error).__name__) from error
        return LandedSegment(number, path, len(content))

    def discard(self, number: int) -> None:
        """Remove a segment that is not the newest; one that is gone is fine."""
        if number < self.newest():
            self.path(number).unlink(missing_ok=True)

    def move(self, number: int, to: int) -> None:
        """Give a segment that no batch knows another number, which is free.

        Raises:
            MachineError: The landing can't be written.
        """
        target = self.path(to)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path(number).rename(target)
            sync_folder(target.parent)
        except OSError as error:
            raise MachineError("segment_not_landed", folder=self.folder, found=error.strerror) from error

    def kept(self, end: int) -> Iterator[LandedSegment]:
        """The segments up to `end` that are still there, oldest first."""
        for folder in self._folders():
            for number in sorted(_numbers(folder)):
                if number > end:
                    return
                yield self._segment(number)

    def drafts(self) -> Iterator[Path]:
        """Files of writes that are not complete, or never will be: their process was killed."""
        for folder in self._folders():
            yield from folder.glob(".*.part")

    def _segment(self, number: int) -> LandedSegment:
        path = self.path(number)
        try:
            return LandedSegment(number, path, path.stat().st_size)
        except FileNotFoundError:
            raise InvariantError("segment_missing", folder=self.folder, number=number) from None

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("[0-9]*") if path.is_dir()) if self.folder.is_dir() else []


def _numbers(folder: Path) -> list[int]:
    with os.scandir(folder) as entries:
        return [int(entry.name.removesuffix(_SUFFIX)) for entry in entries if entry.name[0] != "."]


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
