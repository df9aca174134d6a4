"""What a collector does with a broker beside landing messages: nothing, unless a protocol over MQTT asks for more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from lakeward.sources.collectors.mqtt_client import MqttSession, message_row
from lakeward.sources.collectors.state import CollectorJournal
from lakeward.sources.segments import MESSAGE_SCHEMA


class Manner(Protocol):
    """How a collector behaves at a broker.

    Args:
        schema: Columns of its rows.
        keeps_session: Whether the broker keeps what comes while the collector is away.
        linger: Seconds in which it still receives after `end`, at most.
    """

    schema: Mapping[str, str]
    keeps_session: bool
    linger: float

    def prepare(self) -> tuple[str, bytes] | None:
        """A connection is tried: topic and payload that the broker is to send, and to retain, when it breaks; None for none."""
        ...

    def begin(self, session: MqttSession) -> None:
        """The broker has taken the subscription."""
        ...

    def row(self, message: Any, received: datetime) -> tuple[object, ...] | None:
        """The message as a row; None for one that is not landed."""
        ...

    def act(self, session: MqttSession, journal: CollectorJournal) -> None:
        """Do what is due now."""
        ...

    def end(self, session: MqttSession) -> None:
        """The connection is about to be ended."""
        ...


class PlainManner:
    """Lands all messages, and sends none."""

    schema: Mapping[str, str] = MESSAGE_SCHEMA
    keeps_session: bool = True
    linger: float = 0.0

    def prepare(self) -> tuple[str, bytes] | None:
        """See `Manner`."""
        return None

    def begin(self, session: MqttSession) -> None:
        """See `Manner`."""

    def row(self, message: Any, received: datetime) -> tuple[object, ...] | None:
        """See `Manner`."""
        return message_row(message, received)

    def act(self, session: MqttSession, journal: CollectorJournal) -> None:
        """See `Manner`."""

    def end(self, session: MqttSession) -> None:
        """See `Manner`."""
