"""What collectors have in common whose source waits for no acknowledgement of single rows: they bring rows to disk and keep their state."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.clock import Clock
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.state import STOPPED, CollectorJournal
from lakeward.sources.segments import SegmentStore, SegmentWriter

# Seconds between two writes of the state, and until a full disk is tried again.
STATE_SECONDS, DISK_SECONDS = 1.0, 1.0


def _prepare_nothing() -> None:
    """Rows need nothing before them."""


@dataclass(slots=True, kw_only=True)
class Lander:
    """Writer and journal of one collector. Not safe for several threads.

    Args:
        prepare: What must be on disk before rows are.
    """

    writer: SegmentWriter
    journal: CollectorJournal
    prepare: Callable[[], None] = _prepare_nothing
    _written: float = field(default=0.0)
    _disk_retry_at: float = field(default=0.0)
    _before_disk: tuple[str, dict[str, object]] | None = None

    @classmethod
    def open(cls, landing: Path, dataset: str, bounds: SegmentBounds, schema: Any, journal: CollectorJournal) -> Self:
        """A lander that goes on behind the newest segment.

        Raises:
            MachineError: Another collector of the dataset runs, or the disk can't be written.
        """
        return cls(writer=SegmentWriter.open(SegmentStore.of_dataset(landing, dataset), bounds, schema), journal=journal)

    def add(self, row: tuple[object, ...], size: int) -> None:
        """Take a row, which waits for the next `commit`."""
        self.writer.add(row, size, time.monotonic())

    def count(self, clock: Clock, messages: int = 1) -> None:
        """Count messages that came now."""
        self.journal.messages += messages
        self.journal.last_message = clock.now()

    def commit(self) -> bool:
        """Bring the rows that wait to disk, and land a segment that is due; False while the disk takes nothing.

        Raises:
            MachineError: Another process lands here.
        """
        now = time.monotonic()
        if now < self._disk_retry_at:
            return False
        try:
            self.prepare()
            self.writer.commit()
        except MachineError as error:
            self._wait_for_disk(error, now)
            return False
        self._land(now)
        return True

    def keep_state(self) -> None:
        """Write the state each second, and say when the machine's clock was set. Lands a segment that is due."""
        now = time.monotonic()
        if now >= self._disk_retry_at:
            self._land(now)
        if now - self._written >= STATE_SECONDS:
            self.journal.watch_clock(now)
            self.journal.write(self.writer.unlanded, now)
            self._written = now

    def finish(self) -> None:
        """Land all that is there, and let other collectors go on."""
        try:
            self.prepare()
            self.writer.land()
        except MachineError as error:
            self.journal.change(error.code, **error.facts)
        else:
            self.journal.change(STOPPED)
        finally:
            self.journal.write(self.writer.unlanded, time.monotonic())
            self.writer.close()

    def _land(self, now: float) -> None:
        try:
            if self.writer.is_due(now):
                self.prepare()
                self.writer.land()
        except MachineError as error:
            self._wait_for_disk(error, now)
        else:
            self._say_that_the_disk_is_back()

    def _wait_for_disk(self, error: MachineError, now: float) -> None:
        if error.code != "segment_not_landed":
            raise error
        self._disk_retry_at = now + DISK_SECONDS
        if self._before_disk is None:
            self._before_disk = self.journal.state, dict(self.journal.facts)
        self.journal.change(error.code, **error.facts)

    def _say_that_the_disk_is_back(self) -> None:
        if self._before_disk is not None:
            state, facts = self._before_disk
            self._before_disk = None
            self.journal.change(state, **facts)
