"""The file source: a drop folder whose files are landed by content, numbered, and always read from the landing.

Files in the drop folder are never moved or changed. A file that changes during the copy is left for the next run.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import FileDropSource
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.drop_folder import PACKED_SUFFIXES, DeliveredFile, delivered_files, drop_folder
from lakeward.core.errors import InvariantError, MachineError
from lakeward.core.names import Sha256
from lakeward.core.workbook import check_legacy_reader, is_legacy_workbook
from lakeward.sources.file_copy import CopyFile, CopyResult, copy_bytes, scratch_file, sync_folder
from lakeward.sources.landing_copies import LandingCopies
from lakeward.sources.ledger import LandedFile, Ledger, LedgerEntry, ReadManifests
from lakeward.sources.packing import PackingError, packing_of, unpack_file
from lakeward.sources.protocols import BatchLimit, ReceiveResult, WaitingInput
from lakeward.sources.sniff import format_fault

# The engine's plan has a scan per file; hundreds are quick to plan, thousands are not.
MAX_FILES = 256
# A copy unchanged for this time belongs to a killed process.
ABANDONED_AFTER = timedelta(days=1)


class ProjectFolders(Protocol):
    """The folders that a project can read: its own, and its `roots`."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """Other folders, absolute or relative to `root`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDrop:
    """A drop folder as a replayable sequence of numbered files.

    Args:
        format: Expected format of its files.
        landing: Folder of all datasets' landed files.
        copy: Function that copies a file to the landing.
        copies: Of a lake in an object store, the landing there; None if `landing` is all there is.
        manifests: Those of the ledger that were read; not of copies, which another machine's manifest can replace.
    """

    dataset: str
    project: ProjectFolders
    source: FileDropSource
    format: FileFormat
    landing: Path
    clock: Clock = field(default_factory=SystemClock)
    copy: CopyFile = copy_bytes
    copies: LandingCopies | None = None
    manifests: ReadManifests = field(default_factory=ReadManifests, repr=False, compare=False)

    @property
    def landed_folder(self) -> Path:
        """Folder of this dataset's landed files, each named by its SHA-256."""
        return self.landing / self.dataset

    @property
    def ledger(self) -> Ledger:
        """The ledger of received files."""
        return Ledger(self.landed_folder / "ledger", ReadManifests() if self.copies else self.manifests)

    def receive(self) -> ReceiveResult:
        """Land new files of the drop folder, and number them.

        Raises:
            ContractError: The drop folder lies outside the project's roots.
            UsageError: The drop folder does not exist, or a link leads out of it.
            MachineError: A file can't be read, or the landing can't be written.
        """
        folder = drop_folder(self.source.path, self.project.root, self.project.roots)
        found = delivered_files(folder, self.source.pattern)
        self._sync()
        ledger_state = self.ledger.read()
        seen, contents = ledger_state.files, ledger_state.contents
        new = [delivery for delivery in found if delivery not in seen]
        entered, unsettled = 0, []
        for chunk in _manifest_chunks(new):
            landed = [(delivery, self._land_file(folder, delivery, contents)) for delivery in chunk]
            unsettled += [delivery.name for delivery, landed_file in landed if landed_file is None]
            entered += self._record([landed_file for _, landed_file in landed if landed_file])
        if new:
            self._sync()
        return ReceiveResult(entered, len(found) - entered - len(unsettled), tuple(unsettled))

    def waiting(self, start: int) -> WaitingInput:
        """See `Source.waiting`."""
        folder = drop_folder(self.source.path, self.project.root, self.project.roots)
        state = self.ledger.read()
        new = [file for file in delivered_files(folder, self.source.pattern) if file not in state.files]
        files = [*new, *(entry.landed.file for entry in state.entries[start:])]
        is_packed = self.format is FileFormat.XLSX or any(file.name.lower().endswith(PACKED_SUFFIXES) for file in files)
        return WaitingInput(len(files), sum(file.size for file in files), is_packed=is_packed)

    def plan(self, start: int, limit: BatchLimit) -> int:
        """The end of the next batch: the files after `start` within the limit, at most `MAX_FILES`, at least one."""
        waiting = self._entries()[start : start + MAX_FILES]
        sizes = itertools.accumulate(entry.landed.content.size for entry in waiting)
        fitting = sum(1 for total in sizes if total <= limit.bytes)
        return start + min(len(waiting), max(fitting, 1))

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """The files `start < seq <= end`.

        Raises:
            InvariantError: The ledger does not reach to `end`.
        """
        if len(self._entries()) < end:  # planned by another machine
            self._sync()
        named = self._entries()[start:end]
        if len(named) != end - start:
            raise InvariantError("ledger_hole", folder=self.ledger.folder, expected=end, found=start + len(named))
        return tuple(self._input(entry) for entry in named)

    def discard(self, end: int) -> None:
        """Delete landed files up to `end` that are older than the contract's retention, and copies of killed processes."""
        now = self.clock.now()
        if self.source.retention_days is not None:
            oldest = now - timedelta(days=self.source.retention_days)
            for entry in self._entries()[:end]:
                if entry.received < oldest:
                    self._discard_file(entry.landed.sha256)
        for entry in self._entries()[:end] if self._unpacked_folder.exists() else ():
            (self._unpacked_folder / entry.landed.sha256).unlink(missing_ok=True)
        for copy in (*self.landed_folder.glob(".*.part"), *self._unpacked_folder.glob(".*.part")):
            if _modified_at(copy) < now - ABANDONED_AFTER:
                copy.unlink(missing_ok=True)

    def _sync(self) -> None:
        if self.copies:
            self.copies.sync()

    def _discard_file(self, sha256: Sha256) -> None:
        if self.copies:
            self.copies.delete(sha256)
        self._landed_path(sha256).unlink(missing_ok=True)

    def _entries(self) -> tuple[LedgerEntry, ...]:
        return self.ledger.read().entries

    def _landed_path(self, sha256: Sha256) -> Path:
        return self.landed_folder / sha256

    def _input(self, entry: LedgerEntry) -> BatchInput:
        landed = entry.landed
        if self.copies:
            self.copies.fetch(landed.sha256)
        return BatchInput(
            seq=entry.seq,
            name=landed.file.name,
            path=self._read_path(landed),
            sha256=landed.sha256,
            size=landed.file.size,
            format=landed.format,
            fault=landed.fault,
        )

    def _land_file(self, folder: Path, delivery: DeliveredFile, known_contents: frozenset[Sha256]) -> LandedFile | None:
        """Land the file unless its content is known (and perhaps discarded); None if it changed meanwhile."""
        try:
            self.landed_folder.mkdir(parents=True, exist_ok=True)
            with scratch_file(self.landed_folder) as draft:
                copied = self.copy(folder / delivery.name, draft)
                if copied.size != delivery.size or not _is_unchanged(folder, delivery):
                    return None
                fault, unpacked = self._examine(draft)
                landed_file = LandedFile(delivery, copied.sha256, self.format, fault, unpacked=unpacked)
                if landed_file.content.sha256 not in known_contents:
                    draft.replace(self._landed_path(copied.sha256))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError("landing_failed", file=delivery.name, folder=self.landed_folder, found=error.strerror) from error
        return landed_file

    def _examine(self, draft: Path) -> tuple[str | None, CopyResult | None]:
        """Why a file can't be read, if so, and what is packed in it, if something is."""
        packing = packing_of(draft, is_workbook=self.format is FileFormat.XLSX)
        if packing is None:
            fault = format_fault(draft, self.format)
            if fault is None and self.format is FileFormat.XLSX and is_legacy_workbook(draft):
                check_legacy_reader(draft)  # before it is entered, so that it waits for the extra
            return fault, None
        try:
            with scratch_file(self.landed_folder) as plain:
                unpacked = unpack_file(draft, packing, plain, self.source.limit_bytes)
                return format_fault(plain, self.format), unpacked
        except PackingError as error:
            return error.code, None

    def _read_path(self, landed: LandedFile) -> Path:
        """Where the file's content lies: the landed bytes, or what was packed in them, unpacked anew for each batch that reads it."""
        received = self._landed_path(landed.sha256)
        packing = packing_of(received) if landed.unpacked and received.exists() else None
        if landed.unpacked is None or packing is None:
            return received
        path = self._unpacked_folder / landed.sha256
        if not path.exists():
            self._unpacked_folder.mkdir(parents=True, exist_ok=True)
            with scratch_file(self._unpacked_folder) as draft:
                unpack_file(received, packing, draft, landed.unpacked.size)
                draft.replace(path)
        return path

    @property
    def _unpacked_folder(self) -> Path:
        return self.landed_folder / "unpacked"

    def _record(self, landed: Sequence[LandedFile]) -> int:
        try:
            sync_folder(self.landed_folder)
            return self.ledger.record(landed, self.clock.now())
        except OSError as error:
            raise MachineError(
                "landing_failed", file=self.ledger.folder, folder=self.landed_folder, found=error.strerror
            ) from error


def _manifest_chunks(new: Sequence[DeliveredFile]) -> list[Sequence[DeliveredFile]]:
    """Chunks of one manifest each, so that a kill during a large delivery loses one chunk, not all."""
    return [new[first : first + MAX_FILES] for first in range(0, len(new), MAX_FILES)]


def _is_unchanged(folder: Path, delivery: DeliveredFile) -> bool:
    stat = (folder / delivery.name).stat()
    return (stat.st_size, stat.st_mtime_ns) == (delivery.size, delivery.mtime_ns)


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)
