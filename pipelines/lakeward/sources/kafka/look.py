"""Looks at what a topic holds and gets, for a bounded time. No offset moves: no group joins, and nothing is committed."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.sources.kafka.cluster import TopicReader, message_rows, open_topic

# Messages of all partitions that are kept, and bytes of them; every other one is only counted.
MAX_KEPT, MAX_BYTES = 20_000, 64 << 20
# Seconds of one step, and messages of it.
_STEP, _BURST = 0.2, 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLook:
    """What a topic held, and got while it was watched.

    Args:
        messages: The last messages of each partition and what came, as rows of `cluster.SCHEMA`.
        counts: Partition -> messages that came while it was watched.
        partitions: Number of partitions.
        held: Offsets that the topic holds; with transactions more than messages.
        tombstones: Kept messages without a value.
        keys: Number of different keys of the kept messages.
        seconds: How long it was watched.
    """

    messages: Sequence[tuple[object, ...]]
    counts: Mapping[int, int]
    partitions: int
    held: int
    tombstones: int
    keys: int
    seconds: float


def look_at_topic(connection: ConnectionSettings, topic: str, seconds: float, stop: Event, clock: Clock) -> TopicLook:
    """Read the end of each partition, and what comes for so long, or until `stop` is set.

    Raises:
        MachineError: The cluster can't be reached, or has no such topic, or this user may not read it; or the extra is missing.
        SettingsError: The connection is none to a cluster.
    """
    with open_topic(connection, topic, "lakeward-look") as reader:
        found = reader.watermarks()
        each = max(MAX_KEPT // max(2 * len(found), 1), 1)
        reader.assign({partition: max(low, high - each) for partition, (low, high) in found.items()})
        started = time.monotonic()
        watched = _Watched({partition: high for partition, (_, high) in found.items()})
        while time.monotonic() - started < seconds and not (stop.is_set() and watched.is_at_end):
            watched.take(reader)
        kept = watched.kept
    return TopicLook(
        messages=message_rows(kept, clock.now()),
        counts=watched.counts,
        partitions=len(found),
        held=sum(high - low for low, high in found.values()),
        tombstones=sum(1 for message in kept if message.value() is None),
        keys=len({message.key() for message in kept if message.key() is not None}),
        seconds=time.monotonic() - started,
    )


class _Watched:
    """What came so far.

    Args:
        ends: Partition -> where it ended when the look began.
    """

    def __init__(self, ends: Mapping[int, int]) -> None:
        self.kept: list[Any] = []
        self.counts: Counter[int] = Counter()
        self._ends = ends
        self._reached: set[int] = set()
        self._bytes = 0

    @property
    def is_at_end(self) -> bool:
        """Whether what the topic held was read."""
        return len(self._reached) == len(self._ends)

    def take(self, reader: TopicReader) -> None:
        """Take what comes within a step."""
        for message in reader.poll(_BURST, _STEP):
            partition = message.partition()
            if message.error() is not None:  # the end of a partition; every other error was raised
                self._reached.add(partition)
                continue
            if message.offset() >= self._ends[partition]:
                self.counts[partition] += 1
            size = len(message.value() or b"")
            if len(self.kept) < MAX_KEPT and self._bytes + size <= MAX_BYTES:
                self.kept.append(message)
                self._bytes += size
