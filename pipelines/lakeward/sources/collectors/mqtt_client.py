"""An MQTT session: connects, subscribes, hands over messages, and acknowledges them when it is asked to. It lands nothing."""

import json
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from lakeward.contracts.source import MqttSource, MqttVersion
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError, SettingsError
from lakeward.sources.collectors.state import CONNECTED

# Scheme -> its port, and whether it uses TLS.
SCHEMES: Mapping[str, tuple[int, bool]] = {
    "mqtt": (1883, False),
    "tcp": (1883, False),
    "mqtts": (8883, True),
    "ssl": (8883, True),
}
KEEP_ALIVE = 30
# Packets that are read in one step at most.
BURST = 1000
# Seconds for the broker to answer a connection.
TIMEOUT = 10.0
# Reason codes of MQTT 5 for a wrong user or password, in which paho gives those of 3.1.1, too.
_LOGIN = (134, 135)
_TAKEN_OVER = 142


@dataclass(slots=True, kw_only=True)
class MqttSession:
    """One client of a broker. Not safe for several threads: who calls `step` gets all callbacks.

    Args:
        on_message: Takes the message and its acknowledgement, which is of no use after the next `lost`.
        on_state: Takes a message code and its facts.
        on_lost: Called when the connection ends: what is not acknowledged comes again.
        keeps_session: Whether the broker keeps the session of a client that is away.
        prepare: Called before each connection: topic and payload that the broker sends when it breaks, or None.
        on_subscribed: Called when the broker has taken the subscription.
    """

    connection: ConnectionSettings
    source: MqttSource
    on_message: Callable[[Any], None]
    on_state: Callable[..., object]
    on_lost: Callable[[], None]
    had_session: bool = False
    keeps_session: bool = True
    prepare: Callable[[], tuple[str, bytes] | None] = lambda: None
    on_subscribed: Callable[[], None] = lambda: None
    _client: Any = None
    _is_connected: bool = field(default=False)

    @property
    def is_connected(self) -> bool:
        """Whether the broker accepted the connection."""
        return self._is_connected

    def connect(self) -> bool:
        """Try once to connect; whether the network and TLS did. The broker's answer comes with `step`."""
        client = self._client = self._client or self._new_client()
        port, _ = SCHEMES[self.connection.scheme]
        address = self.connection.address
        will = self.prepare()
        if will:
            client.will_set(*will, qos=1, retain=True)
        try:
            client.connect(self.connection.host, self.connection.port or port, KEEP_ALIVE, **self._connect_options())
        except socket.gaierror:
            self.on_state("source_name_unknown", address=address, host=self.connection.host)
        except ssl.SSLCertVerificationError as error:
            self.on_state("source_certificate_refused", address=address, reason=error.verify_message)
        except ssl.SSLError as error:
            self.on_state("source_tls_failed", address=address, reason=error.reason or type(error).__name__)
        except (OSError, ValueError) as error:
            self.on_state("source_unreachable", address=address, reason=getattr(error, "strerror", None) or type(error).__name__)
        else:
            return True
        return False

    def step(self, timeout: float) -> bool:
        """Receive what comes within `timeout` seconds; False if there is no connection any more."""
        import paho.mqtt.client as paho  # noqa: PLC0415 -- an extra

        if self._client.loop(timeout) != paho.MQTT_ERR_SUCCESS:
            return False
        for _ in range(BURST):
            if not self.has_more():
                break
            if self._client.loop_read() != paho.MQTT_ERR_SUCCESS:
                return False
        return True

    def keep_alive(self) -> bool:
        """Receive nothing, but answer the broker; False if there is no connection any more."""
        import paho.mqtt.client as paho  # noqa: PLC0415 -- an extra

        return bool(self._client.loop_misc() == paho.MQTT_ERR_SUCCESS)

    def has_more(self, timeout: float = 0.0) -> bool:
        """Whether bytes have come that `step` did not take, or come within `timeout` seconds."""
        handle = self._client.socket()
        if handle is None:
            return False
        return bool(getattr(handle, "pending", int)() or select.select([handle], [], [], timeout)[0])

    def acknowledge(self, mid: int, qos: int) -> None:
        """Tell the broker that the message is kept."""
        self._client.ack(mid, qos)

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send a message; it goes out with the next `step`, or is lost with the connection."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def disconnect(self) -> None:
        """End the connection; the session stays at the broker."""
        if self._client is not None and self._is_connected:
            self._is_connected = False  # so that its end is no loss
            self._client.disconnect()
            self._client.loop(0.2)

    def _new_client(self) -> Any:
        import paho.mqtt.client as paho  # noqa: PLC0415 -- an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 -- as above

        is_v5 = self.source.version is MqttVersion.V5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.source.client_id,
            protocol=paho.MQTTv5 if is_v5 else paho.MQTTv311,
            manual_ack=True,
            clean_session=None if is_v5 else not self.keeps_session,
        )
        client.connect_timeout = TIMEOUT
        if self.connection.user is not None:
            client.username_pw_set(self.connection.user, self.connection.password)
        if SCHEMES[self.connection.scheme][1]:
            client.tls_set_context(_tls_context(self.connection))
        client.on_message = lambda _client, _data, message: self.on_message(message)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        return client

    def _connect_options(self) -> dict[str, Any]:
        if self.source.version is not MqttVersion.V5:
            return {}
        from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 -- an extra
        from paho.mqtt.properties import Properties  # noqa: PLC0415 -- an extra

        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self.source.session_seconds if self.keeps_session else 0
        properties.ReceiveMaximum = self.source.receive_maximum
        return {"clean_start": not self.keeps_session, "properties": properties}

    def _connected(self, client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        address = self.connection.address
        if reason.is_failure:
            code = "source_login_refused" if reason.value in _LOGIN else "source_refused"
            self.on_state(code, address=address, reason=str(reason))
            return
        self._is_connected = True
        if self.keeps_session and self.had_session and not flags.session_present:
            self.on_state("source_session_lost", address=address)
        self.on_state(CONNECTED, address=address)
        self.had_session = True
        client.subscribe([(self._filter(topic), self._options()) for topic in self.source.topics])

    def _filter(self, topic: str) -> str:
        return f"$share/{self.source.share_name}/{topic}" if self.source.share_name else topic

    def _options(self) -> Any:
        """Retained messages come with a new subscription only, and keep their flag (MQTT 5, 3.8.3.1)."""
        if self.source.version is not MqttVersion.V5:
            return self.source.qos
        from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: PLC0415 -- an extra

        # A shared subscription gets no retained messages at all.
        return SubscribeOptions(qos=self.source.qos, retainAsPublished=True, retainHandling=0 if self.source.share_name else 1)

    def _subscribed(self, _client: Any, _data: Any, _mid: Any, reasons: Any, _properties: Any) -> None:
        refused = [topic for topic, reason in zip(self.source.topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self.on_state("source_topic_refused", address=self.connection.address, topics=", ".join(refused))
        lowered = [topic for topic, reason in zip(self.source.topics, reasons, strict=False) if reason.value < self.source.qos]
        if lowered:
            self.on_state("source_qos_lowered", address=self.connection.address, topics=", ".join(lowered))
        self.on_subscribed()

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        was_connected, self._is_connected = self._is_connected, False
        self.on_lost()
        if not was_connected:
            return
        code = "source_session_taken" if reason.value == _TAKEN_OVER else "source_lost"
        self.on_state(code, address=self.connection.address, reason=str(reason))


def check_connection(connection: ConnectionSettings) -> None:
    """Check that the client's library is there, and that the connection is one to a broker.

    Raises:
        MachineError: The extra is missing.
        SettingsError: The scheme is none of MQTT, or a file of TLS can't be used.
    """
    if any(find_spec(name) is None for name in ("paho", "pyarrow")):
        raise MachineError("extra_missing", extra="mqtt")
    if connection.scheme not in SCHEMES:
        expected = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected=expected)
    if SCHEMES[connection.scheme][1]:
        _tls_context(connection)


def message_row(message: Any, received: Any) -> tuple[object, ...]:
    """The message as a row of `MESSAGE_SCHEMA`."""
    properties = getattr(message, "properties", None)
    pairs = getattr(properties, "UserProperty", None)
    return (
        message._topic.decode("utf-8", "replace"),  # noqa: SLF001 -- `topic` fails on bytes that are not UTF-8
        message.payload,
        received,
        message.qos,
        bool(message.retain),
        bool(message.dup),
        getattr(properties, "ContentType", None),
        json.dumps(pairs, ensure_ascii=False) if pairs else None,
    )


def _tls_context(connection: ConnectionSettings) -> ssl.SSLContext:
    """Certificates are always verified, with the name of the host."""
    try:
        context = ssl.create_default_context(cafile=connection.ca)
        if connection.certificate:
            context.load_cert_chain(connection.certificate, connection.key)
    except OSError:  # ssl.SSLError is one: the file is no certificate, or the key is of another
        raise SettingsError("connection_tls_files", name=connection.name, place=connection.place) from None
    return context
