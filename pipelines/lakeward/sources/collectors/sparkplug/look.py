"""Looks at what edges of Sparkplug B send, for a bounded time. Nothing is written there, unless births are asked for."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from lakeward.contracts.source import MqttVersion
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.sparkplug.payload import PayloadError, read_payload, rebirth_command
from lakeward.core.sparkplug.sessions import BirthMetric, birth_metrics
from lakeward.core.sparkplug.topics import (
    ANY,
    DEVICE_BIRTH,
    NODE_BIRTH,
    NODE_DEATH,
    EdgeTopic,
    command_topic,
    edge_filters,
    parse_topic,
    state_topic,
)
from lakeward.sources.collectors.mqtt_client import MqttSession
from lakeward.sources.collectors.mqtt_look import look_at_broker
from lakeward.sources.collectors.sparkplug.edges import Edges
from lakeward.sources.collectors.sparkplug.host import check_sparkplug

# Group, edge and device; the device is empty for the edge itself.
Sender = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLook:
    """What was seen of edges.

    Args:
        rows: Some messages of each topic, as rows of `segments.SCHEMA`.
        births: Sender -> the metrics of its last birth.
        counts: Sender -> messages that came.
        waiting: Edges of which only deaths came: they may wait for their host.
        hosts: Host -> whether its state says that it is there.
        version: Version of MQTT that the broker speaks.
    """

    rows: Sequence[tuple[object, ...]]
    births: Mapping[Sender, Sequence[BirthMetric]]
    counts: Mapping[Sender, int]
    waiting: Sequence[str]
    hosts: Mapping[str, bool]
    seconds: float
    version: MqttVersion


@dataclass(slots=True)
class _Rebirths:
    """Asks each edge for its births once, where its data comes without."""

    clock: Clock
    edges: Edges = field(default_factory=lambda: Edges(interval=float("inf")))
    _seen: int = 0

    def act(self, session: MqttSession, rows: Sequence[tuple[object, ...]]) -> None:
        """Take what is new, and ask."""
        for row in rows[self._seen :]:
            topic = parse_topic(str(row[0]))
            if topic and isinstance(row[1], bytes):
                self.edges.take(topic, row[1], time.monotonic())
        self._seen = len(rows)
        for group, edge in self.edges.to_ask(time.monotonic()):
            command = rebirth_command(int(self.clock.now().timestamp() * 1000))
            session.publish(command_topic(group, edge), command, 0, retain=False)


def look_at_edges(
    connection: ConnectionSettings,
    ids: tuple[Sequence[str], Sequence[str]],
    seconds: float,
    stop: Event,
    clock: Clock,
    *,
    ask: bool,
) -> EdgeLook:
    """Watch edges for so long, or until `stop` is set.

    Args:
        ids: Groups and edges; empty: all.
        ask: Whether edges are asked for their births.

    Raises:
        MachineError: The broker can't be reached, refuses the connection or the subscription; or the extra is missing.
        SettingsError: The connection is none to a broker.
    """
    check_sparkplug()
    began = clock.now()
    topics = (*edge_filters(*ids), state_topic(ANY))
    rebirths = _Rebirths(clock)
    look = look_at_broker(connection, topics, seconds, stop, clock, rebirths.act if ask else None)
    found = [(topic, row) for row in look.messages if (topic := parse_topic(str(row[0])))]
    counted = [(topic, count) for name, count in look.counts.items() if (topic := parse_topic(name))]
    counts: Counter[Sender] = Counter()
    for topic, count in counted:
        counts[topic.group, topic.edge, topic.device] += count
    return EdgeLook(
        rows=[(*row, began, None, False) for _, row in found],
        births=dict(_births(found)),
        counts=counts,
        waiting=_waiting([topic for topic, _ in counted]),
        hosts=dict(_hosts(look.messages)),
        seconds=look.seconds,
        version=look.version,
    )


def _births(found: Sequence[tuple[EdgeTopic, tuple[object, ...]]]) -> Iterator[tuple[Sender, Sequence[BirthMetric]]]:
    for topic, row in found:
        if topic.kind in {NODE_BIRTH, DEVICE_BIRTH} and isinstance(row[1], bytes):
            try:
                yield (topic.group, topic.edge, topic.device), birth_metrics(read_payload(row[1]).metrics)
            except PayloadError:
                continue


def _waiting(topics: Sequence[EdgeTopic]) -> list[str]:
    kinds: dict[str, set[str]] = {}
    for topic in topics:
        kinds.setdefault(f"{topic.group}/{topic.edge}", set()).add(topic.kind)
    return sorted(edge for edge, seen in kinds.items() if seen == {NODE_DEATH})


def _hosts(rows: Sequence[tuple[object, ...]]) -> Iterator[tuple[str, bool]]:
    """The states of hosts; of each the last one counts."""
    mark = state_topic("")
    for row in rows:
        topic, payload = str(row[0]), row[1]
        if topic.startswith(mark) and isinstance(payload, bytes):
            try:
                state = json.loads(payload)
            except ValueError:
                continue
            if isinstance(state, dict):
                yield topic.removeprefix(mark), state.get("online") is True
