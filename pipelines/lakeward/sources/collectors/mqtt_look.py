"""Looks at what a broker sends, for a bounded time. Nothing is written there: no acknowledgement, no session that stays."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from lakeward.contracts.source import MqttSource, MqttVersion
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError
from lakeward.core.messages import Phrase
from lakeward.sources.collectors.mqtt_client import TIMEOUT, MqttSession, check_connection, message_row
from lakeward.sources.collectors.state import CONNECTED

# Messages of one topic that are kept, and of all, and bytes of all: every other one is only counted.
PER_TOPIC, MAX_KEPT, MAX_BYTES = 200, 50_000, 64 << 20
# Topics that are counted; a broker with more is looked at by a narrower filter.
MAX_TOPICS = 100_000
# Seconds of one step.
_STEP = 0.2
_PROTOCOL_REFUSED = "Unsupported protocol version"
# State of a session that can't be looked at -> its message.
_FAULTS = {
    "source_unreachable": "look_unreachable",
    "source_name_unknown": "look_name_unknown",
    "source_certificate_refused": "look_certificate_refused",
    "source_tls_failed": "look_tls_failed",
    "source_login_refused": "look_login_refused",
    "source_refused": "look_refused",
    "source_topic_refused": "look_topic_refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLook:
    """What came while a broker was watched.

    Args:
        messages: Some messages of each topic, as rows of `MESSAGE_SCHEMA`, in the order in which they came.
        counts: Topic -> messages that were sent meanwhile.
        retained: Messages that were sent before, and kept by the broker.
        seconds: How long it was watched.
        version: Version of MQTT that the broker speaks.
        complete: Whether the connection held to the end.
    """

    messages: Sequence[tuple[object, ...]]
    counts: Mapping[str, int]
    retained: int
    seconds: float
    version: MqttVersion
    complete: bool


@dataclass(slots=True, kw_only=True)
class _Watch:
    """What came so far, and what the session said."""

    clock: Clock
    messages: list[tuple[object, ...]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    retained: int = 0
    states: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    _kept: Counter[str] = field(default_factory=Counter)
    _bytes: int = 0

    def take(self, message: Any) -> None:
        row = message_row(message, self.clock.now())
        topic = str(row[0])
        if message.retain:
            self.retained += 1
        elif topic in self.counts or len(self.counts) < MAX_TOPICS:
            self.counts[topic] += 1
        if self._kept[topic] < PER_TOPIC and len(self.messages) < MAX_KEPT and self._bytes < MAX_BYTES:
            self._kept[topic] += 1
            self._bytes += len(message.payload)
            self.messages.append(row)

    def fault(self) -> tuple[str, dict[str, object]] | None:
        """The first state that ends a look before it began."""
        return next((state for state in self.states if state[0] in _FAULTS), None)

    def has(self, code: str) -> bool:
        return any(state == code for state, _ in self.states)


# Called now and then with the session and the messages that are kept so far.
Act = Callable[[MqttSession, Sequence[tuple[object, ...]]], None]


def look_at_broker(
    connection: ConnectionSettings,
    topics: Sequence[str],
    seconds: float,
    stop: Event,
    clock: Clock | None = None,
    act: Act | None = None,
) -> BrokerLook:
    """Watch the topics for so long, or until `stop` is set.

    Args:
        act: Does what a protocol over MQTT asks for; None: nothing is sent.

    Raises:
        MachineError: The broker can't be reached, refuses the connection or the subscription; or the extra is missing.
        SettingsError: The connection is none to a broker.
    """
    check_connection(connection)
    versions = (MqttVersion.V5, MqttVersion.V311)
    for version in versions:
        watch = _Watch(clock=clock or SystemClock())
        session = _open_session(connection, topics, version, watch)
        found = watch.fault()
        if found is None:
            started = time.monotonic()
            while not stop.is_set() and time.monotonic() - started < seconds and session.step(_STEP):
                if act:
                    act(session, watch.messages)
            return _end(session, watch, version, time.monotonic() - started)
        code, facts = found
        if version is versions[-1] or facts.get("reason") != _PROTOCOL_REFUSED:
            raise MachineError(_FAULTS[code], **facts)
    raise AssertionError  # the last version returns or raises


def _open_session(connection: ConnectionSettings, topics: Sequence[str], version: MqttVersion, watch: _Watch) -> MqttSession:
    """A session in which the broker has answered; `watch.fault` says where it has not, or has refused."""
    session = MqttSession(
        connection=connection,
        # The client has a name of its own, so that no other session is taken over.
        source=MqttSource(
            connection=connection.name, topics=tuple(topics), qos=0, version=version, client_id=f"look-{secrets.token_hex(6)}"
        ),
        on_message=watch.take,
        on_state=lambda code, **facts: watch.states.append((code, facts)),
        on_lost=lambda: None,
        keeps_session=False,
    )
    if not session.connect():
        return session
    deadline = time.monotonic() + TIMEOUT
    while not watch.states and session.step(_STEP) and time.monotonic() < deadline:
        continue
    session.step(_STEP)  # the answer to the subscription
    if not watch.states:
        watch.states.append(("source_unreachable", {"address": connection.address, "reason": Phrase("phrase_no_answer")}))
    return session


def _end(session: MqttSession, watch: _Watch, version: MqttVersion, seconds: float) -> BrokerLook:
    complete = session.is_connected
    session.disconnect()
    found = watch.fault()
    if found is not None:
        raise MachineError(_FAULTS[found[0]], **found[1])
    return BrokerLook(
        messages=watch.messages,
        counts=watch.counts,
        retained=watch.retained,
        seconds=seconds,
        version=version,
        complete=complete and watch.has(CONNECTED),
    )
