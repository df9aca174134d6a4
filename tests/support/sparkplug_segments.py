"""Segments of Sparkplug B, landed as the collector lands them, and a contract of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.sparkplug.topics import parse_topic
from lakeward.sources.collectors.sparkplug.edges import Edges
from lakeward.sources.segments import LandedSegment, SegmentStore, SegmentWriter, message_schema
from lakeward.sources.sparkplug.segments import SCHEMA
from support.line_contracts import STATES, telemetry_contract

RECEIVED = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
RECEIVED_TEXT = "2026-03-01T12:00:00.250000Z"
# Milliseconds since 1970, and the same as text.
T0, T0_TEXT = 1_772_366_400_000, "2026-03-01T12:00:00.000000Z"
CONTRACT = telemetry_contract(
    "sparkplug",
    "hostId: scada",
    "rebirthSeconds: 1",
    "segmentSeconds: 1",
    columns=(
        *STATES,
        "{name: unit, logicalType: string}",
        "{name: message, physicalName: $message, logicalType: string}",
        "{name: historical, physicalName: $historical, logicalType: boolean}",
    ),
)


class Connection:
    """One connection of a collector: what its edges send over it is landed with the gaps in their numbers."""

    def __init__(self, store: SegmentStore, number: int = 0) -> None:
        self.store, self.edges, self.now = store, Edges(interval=30), 0.0
        self.connected_at = RECEIVED + timedelta(seconds=number)

    def ask(self) -> None:
        """Ask the edges that need it for their births, whenever that was done last."""
        self.now += 1000.0
        self.edges.to_ask(self.now)

    def wait(self, seconds: float) -> None:
        """Let time go by, without a request."""
        self.now += seconds

    def land(self, messages: Sequence[tuple[str, bytes]]) -> LandedSegment:
        writer = SegmentWriter.open(self.store, SegmentBounds(), message_schema(SCHEMA))
        for topic, content in messages:
            known = parse_topic(topic)
            row = (topic, content, RECEIVED, 0, False, False, None, None, self.connected_at)
            row = (*row, *(self.edges.take(known, content, self.now) if known else (None, False)))
            writer.add(row, len(content), 0.0)
        landed = writer.land()
        writer.close()
        assert landed
        return landed
