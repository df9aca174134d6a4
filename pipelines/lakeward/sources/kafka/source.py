"""A topic of Kafka as a replayable source: its messages are landed as segments, and a run reads those.

The offsets that were reached stand in the segments themselves, so that no kill can part them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.source import KafkaSource, KafkaStart
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import DefinitionError, MachineError
from lakeward.sources.collectors.state import CollectorJournal
from lakeward.sources.kafka.cluster import SCHEMA, TopicReader, message_rows, open_topic, schema_id
from lakeward.sources.kafka.registry import SchemaRegistry
from lakeward.sources.protocols import BatchLimit, ReceiveResult, WaitingInput
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.segments.store import SegmentStore
from lakeward.sources.segments.writer import message_schema, segment_metadata
from lakeward.sources.sql.landing import METADATA_KEY, WindowLanding

# File of the offsets with which the first run began.
START = "start"
# File of the ids of schemas that the registry did not have; and how many are asked for at a time: an id can be any four bytes.
UNKNOWN, MAX_UNKNOWN = "unknown_schemas", 100
# Messages of one Arrow batch.
BATCH_ROWS = 10_000


@dataclass(slots=True, kw_only=True)
class KafkaTopic:
    """A topic.

    Args:
        segments: The landed windows as numbered inputs.
        connect: Gives a connection by its name.
        ends: Partition -> where this run ends; None where it is not receiving.
    """

    segments: SegmentSource
    source: KafkaSource
    connect: Callable[[str], ConnectionSettings]
    clock: Clock = field(default_factory=SystemClock)
    ends: Mapping[int, int] | None = None

    @property
    def store(self) -> SegmentStore:
        """The landed segments."""
        return self.segments.store

    def waiting(self, start: int) -> WaitingInput:
        """See `Source.waiting`."""
        landed = self.segments.waiting(start)
        if landed.files:
            return landed
        with self._open() as reader:
            known, found = self._reached(), reader.watermarks()
        is_new = any(high > (known or {}).get(partition, low) for partition, (low, high) in found.items())
        return WaitingInput(1, 0, is_packed=True) if is_new or known is None else landed

    def receive(self) -> ReceiveResult:
        """Land the first window; `plan` lands those that follow, up to what was committed now.

        Raises:
            LakewardError: The cluster can't be reached or read, or has removed messages that were not read.
        """
        self.refresh()
        with self._open() as reader:
            self.ends = {partition: high for partition, (_, high) in reader.watermarks().items()}
            return ReceiveResult(self._land_next(reader), 0, ())

    def plan(self, start: int, limit: BatchLimit) -> int:
        """See `Source.plan`."""
        if self.ends is not None and self.store.newest() <= start:
            with self._open() as reader:
                self._land_next(reader)
        return self.segments.plan(start, limit)

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """See `Source.inputs`."""
        return self.segments.inputs(start, end)

    def inputs_by(self, start: int, end: int, schemas: int) -> tuple[BatchInput, ...]:
        """See `MessageSource.inputs_by`."""
        return self.segments.inputs_by(start, end, schemas)

    def refresh(self) -> None:
        """See `MessageSource.refresh`; a registry is asked again for what it did not have."""
        self.segments.refresh()
        landing = WindowLanding.of_dataset(self.segments.landing, self.segments.dataset)
        if self.source.registry and (content := landing.read_file(UNKNOWN)):
            self._fetch_schemas(landing, set(json.loads(content)))

    def schemas_version(self) -> int:
        """See `MessageSource.schemas_version`."""
        return self.segments.schemas_version()

    def discard(self, end: int) -> None:
        """See `Source.discard`."""
        self.segments.discard(end)

    def _land_next(self, reader: TopicReader) -> int:
        """Land the next window; 0 if the run has reached its end."""
        landing = WindowLanding.of_dataset(self.segments.landing, self.segments.dataset)
        with landing.lock():
            start = self._start(reader, landing)
            ends = {partition: max(end, start[partition]) for partition, end in (self.ends or {}).items() if partition in start}
            messages, reached = reader.read(start, ends, self.source.window_rows)
            if not messages:
                self.ends = None
                return 0
            if self.source.registry:
                self._fetch_schemas(
                    landing, {number for message in messages if (number := schema_id(message.value())) is not None}
                )
            return landing.land(self._batches(messages), {"topic": self.source.topic, "offsets": reached})

    def _fetch_schemas(self, landing: WindowLanding, numbers: set[int]) -> None:
        """Keep the schemas of these ids before messages that need them are landed; an id that the registry does not have is noted.

        Raises:
            MachineError: The registry can't be reached; then nothing is landed.
        """
        known, payload = self.segments.schemas.current(), self.segments.payload
        lacking = sorted(numbers - {one.number for one in known.schemas})[:MAX_UNKNOWN]
        if not lacking or payload is None:
            return
        registry = SchemaRegistry(connection=self.connect(self.source.registry), payload=payload)
        found = tuple(registry.schemas(lacking))
        self.segments.schemas.land(known.with_schemas(found))
        noted = set(json.loads(landing.read_file(UNKNOWN) or b"[]")) | set(lacking)
        unknown = sorted(noted - {one.number for one in found})[:MAX_UNKNOWN]
        landing.write_file(UNKNOWN, json.dumps(unknown).encode())

    def _batches(self, messages: list[Any]) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415 -- an extra

        schema, received = message_schema(SCHEMA), self.clock.now()
        for start in range(0, len(messages), BATCH_ROWS):
            columns = zip(*message_rows(messages[start : start + BATCH_ROWS], received), strict=True)
            arrays = [pa.array(values, one.type) for values, one in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _reached(self) -> dict[int, int] | None:
        """Partition -> the offset behind the last that was landed; None before the first window.

        Raises:
            DefinitionError: The segments are of another topic.
        """
        text = segment_metadata(self.store, self.store.newest()).get(METADATA_KEY)
        return None if text is None else self._offsets(text)

    def _offsets(self, text: str) -> dict[int, int]:
        found = json.loads(text)
        if found["topic"] != self.source.topic:
            raise DefinitionError("kafka_other_topic", expected=found["topic"], found=self.source.topic)
        return {int(partition): offset for partition, offset in found["offsets"].items()}

    def _start(self, reader: TopicReader, landing: WindowLanding) -> dict[int, int]:
        """Where reading goes on in each partition.

        Raises:
            MachineError: The cluster has removed messages that were not read, and no accepted gap of the contract names them; or it
                has fewer than were read.
        """
        known, found = self._reached(), reader.watermarks()
        if known is None:
            known = self._first_start(landing, found)
        start = {partition: known.get(partition, 0) for partition in found}
        for partition, (low, high) in found.items():
            facts: dict[str, object] = {"topic": self.source.topic, "partition": partition}
            if start[partition] < low:
                self._check_accepted(reader, partition, start[partition], low - 1)
                start[partition] = low
            elif start[partition] > high:
                raise MachineError("kafka_topic_shorter", **facts, expected=start[partition], found=high)
        return start

    def _first_start(self, landing: WindowLanding, found: Mapping[int, tuple[int, int]]) -> dict[int, int]:
        """Where the first run began: kept, since a topic without messages lands nothing that could say so."""
        content = landing.read_file(START)
        if content is None:
            at_end = self.source.start is KafkaStart.LATEST
            start = {partition: high if at_end else low for partition, (low, high) in found.items()}
            content = json.dumps({"topic": self.source.topic, "offsets": start}).encode()
            landing.write_file(START, content)
        return self._offsets(content.decode())

    def _check_accepted(self, reader: TopicReader, partition: int, first: int, last: int) -> None:
        accepted = any(
            gap.partition == partition and gap.first <= first and last <= gap.last for gap in self.source.accepted_gaps
        )
        facts: dict[str, object] = {"topic": self.source.topic, "partition": partition, "first": first, "last": last}
        if not accepted:
            raise MachineError("kafka_gap", **facts)
        folder = self.segments.landing / self.segments.dataset
        CollectorJournal(folder=folder, address=reader.connection.address, clock=self.clock).event("source_gap_accepted", **facts)

    def _open(self) -> Any:
        return open_topic(self.connect(self.source.connection), self.source.topic, f"lakeward-{self.segments.dataset}")
