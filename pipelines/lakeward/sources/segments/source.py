"""Landed segments as a replayable source. A collector lands them at any time; a run reads those that are there when it begins."""

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.payload import PayloadFormat
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.series_file import read_series_file
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.errors import InvariantError
from lakeward.core.names import Sha256
from lakeward.sources.files import ABANDONED_AFTER
from lakeward.sources.protocols import BatchLimit, ReceiveResult, WaitingInput
from lakeward.sources.segments.copies import SegmentCopies
from lakeward.sources.segments.schemas import KeptSchemas, read_project_schemas
from lakeward.sources.segments.series import land_series_file, series_file_of
from lakeward.sources.segments.store import LandedSegment, SegmentStore

# So many short messages of slow sources are one batch; one scan reads them all.
MAX_SEGMENTS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSource:
    """The segments of a dataset as numbered inputs; a number is the offset.

    Args:
        format: What a segment holds: messages, or rows in their own types.
        retention_days: Days that a segment is kept after its batch; None for ever.
        series_file: The mapping of addresses to series that people edit; None for a source without one.
        payload: Form of the payloads of messages; None for rows in their own types.
        folder: The dataset's folder, where files of schemas are; None outside of a project.
        copies: The segments in an object store; None where the landing is a folder of the lake.
    """

    dataset: str
    landing: Path
    format: FileFormat
    retention_days: int | None = None
    series_file: Path | None = None
    payload: PayloadFormat | None = None
    folder: Path | None = None
    copies: SegmentCopies | None = None
    clock: Clock = field(default_factory=SystemClock)

    @property
    def store(self) -> SegmentStore:
        """The segments."""
        return SegmentStore.of_dataset(self.landing, self.dataset)

    def receive(self) -> ReceiveResult:
        """Take the mapping and the schemas of now for the segments to come; segments are landed by a collector.

        Raises:
            As `refresh`.
        """
        self.refresh()
        return ReceiveResult(0, 0, ())

    def refresh(self) -> None:
        """See `MessageSource.refresh`.

        Raises:
            DefinitionError: The mapping or a schema is missing or not valid.
            StoreConflictError: Another machine stored a segment of the same number at the same time.
            MachineError: The landing can't be read or written, or what reads schemas is not installed.
        """
        if self.copies:
            self.copies.sync()
        if self.series_file and self.series_file.is_file():
            read_series_file(self.series_file)
        if self.series_file:
            land_series_file(self._series_folder, self.series_file, self.store.newest())
        if self.folder and self.payload and self.payload.schemas:
            self.schemas.keep(read_project_schemas(self.folder, self.payload, self.schemas.current()))

    @property
    def schemas(self) -> KeptSchemas:
        """The schemas of its payloads."""
        return KeptSchemas(self.landing / self.dataset / "schemas", self.store)

    def schemas_version(self) -> int:
        """See `MessageSource.schemas_version`."""
        return self.schemas.version()

    def waiting(self, start: int) -> WaitingInput:
        """See `Source.waiting`. The sizes are those of compressed files."""
        if self.copies:
            unread = self.copies.unread_segments(start)
            return WaitingInput(len(unread), sum(one.size for one in unread), is_packed=True)
        newest = self.store.newest()
        sizes = sum(segment.size for segment in self.store.segments(start, newest)) if newest > start else 0
        return WaitingInput(max(newest - start, 0), sizes, is_packed=True)

    def plan(self, start: int, limit: BatchLimit) -> int:
        """The end of the next batch: the segments after `start` within the limit, at most `MAX_SEGMENTS`, at least one.

        Raises:
            InvariantError: A segment is missing, or all that a batch was made of are.
            As `refresh`.
        """
        newest = self.copies.settle() if self.copies else self.store.newest()
        if newest < start:
            raise InvariantError("segment_missing", folder=self.store.folder, number=start)
        self._fetch(start, min(newest, start + MAX_SEGMENTS))
        segments = self.store.segments(start, min(newest, start + MAX_SEGMENTS))
        sizes = itertools.accumulate(segment.size for segment in segments)
        fitting = sum(1 for total in sizes if total <= limit.bytes)
        return start + min(len(segments), max(fitting, 1))

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """The segments `start < seq <= end`.

        Raises:
            InvariantError: A segment is missing.
            As `refresh`.
        """
        self._fetch(start, end)
        return tuple(self._input(segment) for segment in self.store.segments(start, end))

    def inputs_by(self, start: int, end: int, schemas: int) -> tuple[BatchInput, ...]:
        """See `MessageSource.inputs_by`.

        Raises:
            InvariantError: A segment is missing.
        """
        other = self.schemas.file_of(schemas)
        return tuple(replace(one, schemas=other) if other else one for one in self.inputs(start, end))

    def discard(self, end: int) -> None:
        """Delete segments up to `end` that are older than the contract's retention, but the newest, and drafts of killed processes."""
        now = self.clock.now()
        if self.retention_days is not None:
            oldest = now - timedelta(days=self.retention_days)
            if self.copies:
                self.copies.discard(end, oldest)
                return
            for segment in itertools.takewhile(lambda one: _landed_at(one.path) < oldest, self.store.kept(end)):
                self.store.discard(segment.number)
        for draft in self.store.drafts():
            if _landed_at(draft) < now - ABANDONED_AFTER:
                draft.unlink(missing_ok=True)

    def _fetch(self, start: int, end: int) -> None:
        if self.copies:
            self.copies.fetch(start, end)

    @property
    def _series_folder(self) -> Path:
        return self.landing / self.dataset / "series"

    def _input(self, segment: LandedSegment) -> BatchInput:
        return BatchInput(
            seq=segment.number,
            name=segment.path.name,
            path=segment.path,
            sha256=Sha256(hashlib.sha256(segment.path.read_bytes()).hexdigest()),
            size=segment.size,
            format=self.format,
            series=series_file_of(self._series_folder, segment.number),
            schemas=self.schemas.file_of(segment.number),
        )


def _landed_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)
