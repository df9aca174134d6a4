"""A host of Sparkplug B (specification 3.0.0, chapter 5): it says that it is there, lands what edges send, and asks for births.

Edges that wait for this host send nothing before its state is `online`, and keep their values when the broker says in its stead that it
is not. A new connection knows no births: those of before may have changed while it was away.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lakeward.contracts.collected_source import SparkplugSource
from lakeward.contracts.source import MqttSource
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.errors import MachineError
from lakeward.core.sparkplug.payload import rebirth_command
from lakeward.core.sparkplug.topics import command_topic, edge_filters, parse_topic, state_topic
from lakeward.sources.collectors.mqtt_client import MqttSession, message_row
from lakeward.sources.collectors.sparkplug.edges import EdgeName, Edges
from lakeward.sources.collectors.state import CollectorJournal
from lakeward.sources.file_copy import scratch_file
from lakeward.sources.sparkplug.segments import SCHEMA

# The edges that were ever seen, so that a new collector asks those, too, that send only what changes.
EDGES_FILE = "edges.json"
# Qualities of service: of the host's state, and of what it subscribes to and commands (specification 3.0.0, 6.2).
_STATE_QOS, _COMMAND_QOS = 1, 0
# Seconds in which edges may still send that have not seen the host go.
_LINGER = 2.0


def check_sparkplug() -> None:
    """Check that the libraries are there.

    Raises:
        MachineError: The extra is missing.
    """
    # A part of a package that is not there can't be asked for.
    if any(find_spec(name) is None for name in ("google", "paho", "pyarrow")) or find_spec("google.protobuf") is None:
        raise MachineError("extra_missing", extra="sparkplug")


def subscription(source: SparkplugSource) -> MqttSource:
    """What the host subscribes to: all that its edges send, and its own state."""
    return MqttSource(
        connection=source.connection,
        topics=(*edge_filters(source.groups, source.edges), state_topic(source.host)),
        version=source.version,
        client_id=source.client_id,
        segment=source.segment,
    )


@dataclass(slots=True)
class SparkplugHost:
    """The manner of a host.

    Args:
        folder: The dataset's folder in the landing.
    """

    source: SparkplugSource
    folder: Path
    _: KW_ONLY
    clock: Clock = field(default_factory=SystemClock)
    schema: Mapping[str, str] = field(default_factory=lambda: SCHEMA)
    keeps_session: bool = False
    linger: float = _LINGER
    _edges: Edges = field(default_factory=lambda: Edges(0))
    _connected_at: datetime | None = None
    _has_begun: bool = False
    _is_online: bool = False
    _written: frozenset[EdgeName] | None = None

    def __post_init__(self) -> None:
        self._edges = Edges(self.source.rebirth_seconds)

    def prepare(self) -> tuple[str, bytes] | None:
        """Begin a session of the host: its death bears the time of its birth."""
        if self._written is None:
            self._written = _known_edges(self.folder / EDGES_FILE)
        self._connected_at, self._has_begun = self.clock.now(), False
        self._edges.begin(self._written, time.monotonic())
        return state_topic(self.source.host), self._state(is_online=False)

    def begin(self, session: MqttSession) -> None:
        """Say that the host is there."""
        session.publish(state_topic(self.source.host), self._state(is_online=True), _STATE_QOS, retain=True)
        self._has_begun = self._is_online = True

    def row(self, message: Any, received: datetime) -> tuple[object, ...] | None:
        """The message with what its number says; the host's own state is none of its data."""
        row = message_row(message, received)
        topic = str(row[0])
        if topic == state_topic(self.source.host):
            self._is_online = self._is_online and _says_online(message.payload)
            return None
        known = parse_topic(topic)
        found = self._edges.take(known, message.payload, time.monotonic()) if known else (None, False)
        return (*row, self._connected_at, *found)

    def act(self, session: MqttSession, journal: CollectorJournal) -> None:
        """Ask edges for births, and say again that the host is there, where a late will said that it is not."""
        if not self._has_begun:
            return
        if not self._is_online:
            self.begin(session)
        for group, edge in self._edges.to_ask(time.monotonic()):
            command = rebirth_command(int(self.clock.now().timestamp() * 1000))
            session.publish(command_topic(group, edge), command, _COMMAND_QOS, retain=False)
            journal.event("source_rebirth_asked", edge=f"{group}/{edge}")
        if self._edges.names != self._written:
            self._written = self._edges.names
            _write_edges(self.folder / EDGES_FILE, self._written)

    def end(self, session: MqttSession) -> None:
        """Say that the host goes."""
        session.publish(state_topic(self.source.host), self._state(is_online=False), _STATE_QOS, retain=True)

    def _state(self, *, is_online: bool) -> bytes:
        assert self._connected_at
        return json.dumps({"online": is_online, "timestamp": int(self._connected_at.timestamp() * 1000)}).encode()


def _says_online(payload: bytes) -> bool:
    try:
        found = json.loads(payload)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("online") is True


def _known_edges(path: Path) -> frozenset[EdgeName]:
    try:
        return frozenset((str(group), str(edge)) for group, edge in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return frozenset()


def _write_edges(path: Path, names: frozenset[EdgeName]) -> None:
    """A full disk leaves the last ones."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(path.parent) as draft:
            draft.write_text(json.dumps(sorted(names), ensure_ascii=False), encoding="utf-8")
            draft.replace(path)
    except OSError:
        return
