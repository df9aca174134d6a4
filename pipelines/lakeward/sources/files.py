"""The file source: a drop folder whose files are landed by content, numbered, and read from the landing ever after.

Refuses to read rows, to move or change a file in the drop folder, and to take one that changes while it is copied.
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
from lakeward.core.errors import InvariantError, MachineError
from lakeward.core.names import Sha256
from lakeward.sources.copying import Copy, copy_bytes, scratch_file, sync_folder
from lakeward.sources.folder import Delivery, deliveries, drop_folder
from lakeward.sources.ledger import Entry, Landed, Ledger
from lakeward.sources.protocols import Arrivals, Limit
from lakeward.sources.sniff import fault

# The engine's plan has a scan per file; some hundreds are quick to plan, thousands are not.
MAX_FILES = 256
# A copy that no process has touched for so long was left behind by a kill.
ABANDONED = timedelta(days=1)


class Premises(Protocol):
    """The folders a project may read: its own, and the `roots` it names."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """Others, absolute or relative to `root`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDrop:
    """A drop folder as a replayable row of numbered files.

    Args:
        format: What its files are to be.
        landing: Folder of all datasets' landed files.
        copy: How bytes get from the drop folder to the landing.
    """

    dataset: str
    premises: Premises
    source: FileDropSource
    format: FileFormat
    landing: Path
    clock: Clock = field(default_factory=SystemClock)
    copy: Copy = copy_bytes

    @property
    def landed(self) -> Path:
        """Folder of this dataset's landed files, each named by its SHA-256."""
        return self.landing / self.dataset

    @property
    def ledger(self) -> Ledger:
        """The list of what was received."""
        return Ledger(self.landed / "ledger")

    def receive(self) -> Arrivals:
        """Land what is new in the drop folder, and number it.

        Raises:
            ContractError: The drop folder lies outside the project's roots.
            UsageError: There is no drop folder, or a link leads out of it.
            MachineError: A file can't be read, or the landing can't be written.
        """
        folder = drop_folder(self.source.path, self.premises.root, self.premises.roots)
        found = deliveries(folder, self.source.pattern)
        book = self.ledger.read()
        seen, contents = book.deliveries, book.contents
        new = [delivery for delivery in found if delivery not in seen]
        entered, unsettled = 0, []
        for some in _lots(new):
            landed = [(delivery, self._land(folder, delivery, contents)) for delivery in some]
            unsettled += [delivery.name for delivery, one in landed if one is None]
            entered += self._enter([one for _, one in landed if one])
        return Arrivals(entered, len(found) - entered - len(unsettled), tuple(unsettled))

    def plan(self, start: int, limit: Limit) -> int:
        """The end of the next batch: the files after `start` that fit the limit, at most `MAX_FILES`, at least one."""
        waiting = self._entries()[start : start + MAX_FILES]
        sizes = itertools.accumulate(entry.landed.delivery.size for entry in waiting)
        fitting = sum(1 for total in sizes if total <= limit.bytes)
        return start + min(len(waiting), max(fitting, 1))

    def name(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """The files `start < seq <= end`.

        Raises:
            InvariantError: The ledger does not reach to `end`.
        """
        named = self._entries()[start:end]
        if len(named) != end - start:
            raise InvariantError("ledger_hole", folder=self.ledger.folder, expected=end, found=start + len(named))
        return tuple(self._input(entry) for entry in named)

    def release(self, end: int) -> None:
        """Remove the bytes of files up to `end` that the contract no longer keeps, and what a kill left behind."""
        now = self.clock.now()
        if self.source.retention_days is not None:
            oldest = now - timedelta(days=self.source.retention_days)
            for entry in self._entries()[:end]:
                if entry.received < oldest:
                    self._place(entry.landed.sha256).unlink(missing_ok=True)
        for copy in self.landed.glob(".*.part"):
            if _changed(copy) < now - ABANDONED:
                copy.unlink(missing_ok=True)

    def _entries(self) -> tuple[Entry, ...]:
        return self.ledger.read().entries

    def _place(self, sha256: Sha256) -> Path:
        return self.landed / sha256

    def _input(self, entry: Entry) -> BatchInput:
        one = entry.landed
        return BatchInput(
            seq=entry.seq,
            name=one.delivery.name,
            path=self._place(one.sha256),
            sha256=one.sha256,
            size=one.delivery.size,
            format=one.format,
            fault=one.fault,
        )

    def _land(self, folder: Path, delivery: Delivery, known: frozenset[Sha256]) -> Landed | None:
        """The delivery, its bytes landed unless they are known (and perhaps released); None where it changed meanwhile."""
        try:
            self.landed.mkdir(parents=True, exist_ok=True)
            with scratch_file(self.landed) as draft:
                copied = self.copy(folder / delivery.name, draft)
                if copied.size != delivery.size or not _unchanged(folder, delivery):
                    return None
                found = fault(draft, self.format)
                if copied.sha256 not in known:
                    draft.replace(self._place(copied.sha256))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError("landing_failed", file=delivery.name, folder=self.landed, found=error.strerror) from error
        return Landed(delivery, copied.sha256, self.format, found)

    def _enter(self, landed: Sequence[Landed]) -> int:
        try:
            sync_folder(self.landed)
            return self.ledger.enter(landed, self.clock.now())
        except OSError as error:
            raise MachineError("landing_failed", file=self.ledger.folder, folder=self.landed, found=error.strerror) from error


def _lots(new: Sequence[Delivery]) -> list[Sequence[Delivery]]:
    """Lots of one manifest each, so that a kill during a large delivery costs one lot, not all."""
    return [new[first : first + MAX_FILES] for first in range(0, len(new), MAX_FILES)]


def _unchanged(folder: Path, delivery: Delivery) -> bool:
    stat = (folder / delivery.name).stat()
    return (stat.st_size, stat.st_mtime_ns) == (delivery.size, delivery.mtime_ns)


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)
