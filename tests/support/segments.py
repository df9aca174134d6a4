"""Segments of messages, written as a collector writes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.names import Sha256
from lakeward.sources.segments import LandedSegment, SegmentStore, SegmentWriter, message_schema
from lakeward.sources.segments.writer import MESSAGE_SCHEMA

# As an engine takes it; it does not look whether it is right.
_HASH = Sha256("5" * 64)
RECEIVED = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def land_messages(
    store: SegmentStore, messages: Sequence[tuple], *, received: datetime = RECEIVED, columns: Mapping[str, str] | None = None
) -> LandedSegment:
    """Land `(topic, payload)`, or `(topic, payload, retain)`, as the next segment; with `columns` topic, payload and what these have more."""
    writer = SegmentWriter.open(store, SegmentBounds(), message_schema(columns or MESSAGE_SCHEMA))
    for topic, payload, *retain in messages:
        if columns:
            writer.add((topic, payload, received, *retain), len(payload), 0.0)
            continue
        writer.add((topic, payload, received, 1, bool(retain and retain[0]), False, None, None), len(payload), 0.0)
    landed = writer.land()
    writer.close()
    assert landed
    return landed


def segment_input(landed: LandedSegment, **more: Any) -> BatchInput:
    """A landed segment as an input of a batch; `more` as of `BatchInput`."""
    numbered = {"seq": landed.number, "name": landed.path.name, "path": landed.path, "size": landed.size}
    return BatchInput(sha256=_HASH, format=FileFormat.MESSAGES, **numbered, **more)
