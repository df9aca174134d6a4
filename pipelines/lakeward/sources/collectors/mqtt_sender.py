"""Sends messages to a broker, for demos and measurements: no more are on the way than the broker takes."""

import socket
import time
from threading import Event
from types import TracebackType
from typing import Any, Self

from lakeward.core.errors import MachineError
from lakeward.core.messages import Phrase

# Most messages on the way, where the broker allows as many.
MAX_ON_THE_WAY = 1000
# Seconds to wait for the broker.
_TIMEOUT = 30.0


class MqttSender:
    """A connection of MQTT 5 that sends with QoS 1."""

    def __init__(self, host: str, port: int) -> None:
        import paho.mqtt.client as paho  # noqa: PLC0415 -- an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 -- as above

        self._client: Any = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.max_inflight_messages_set(MAX_ON_THE_WAY)
        self._client.on_connect = self._connected
        self._address = (host, port)
        self._sent: list[Any] = []
        self._limit, self._is_connected = MAX_ON_THE_WAY, Event()

    def __enter__(self) -> Self:
        try:
            self._client.connect(*self._address)
        except (OSError, socket.gaierror) as error:
            raise MachineError("broker_not_started", found=error.strerror or type(error).__name__) from None
        self._client.loop_start()
        if not self._is_connected.wait(_TIMEOUT):
            self._client.loop_stop()
            raise MachineError("broker_not_started", found=Phrase("phrase_no_answer"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def send(self, topic: str, payload: bytes) -> None:
        """Send a message; waits while too many are on the way."""
        self._sent.append(self._client.publish(topic, payload, qos=1))
        if len(self._sent) >= self._limit:
            self.wait()

    def wait(self) -> None:
        """Wait until the broker has acknowledged all.

        Raises:
            MachineError: It does not answer.
        """
        sent, self._sent = self._sent, []
        deadline = time.monotonic() + _TIMEOUT
        for one in sent:
            one.wait_for_publish(max(deadline - time.monotonic(), 0.01))
        if not all(one.is_published() for one in sent):
            raise MachineError("broker_not_started", found=Phrase("phrase_no_answer"))

    def _connected(self, _client: Any, _data: Any, _flags: Any, _reason: Any, properties: Any) -> None:
        """Obey the broker's own limit, which paho does not: it would end the connection."""
        self._limit = min(getattr(properties, "ReceiveMaximum", None) or MAX_ON_THE_WAY, MAX_ON_THE_WAY)
        self._is_connected.set()
