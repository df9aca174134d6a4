"""An edge at a real broker whose payloads are written byte by byte (`sparkplug_bytes`): with aliases, and with its own mind when asked for births."""

import json
import threading
import time

from support import sparkplug_bytes as sp
from support.mqtt_broker import Broker
from support.sparkplug_bytes import aliased, bd_seq, metric, payload

REBIRTH = b"Node Control/Rebirth"


class Edge:
    """One edge with a metric `a` (alias 1) and a device `D` with `m` (alias 2).

    Args:
        host: The host that it waits for; None: it waits for none.
    """

    def __init__(self, broker: Broker, *, host: str | None = None, session: int = 0) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.host, self.session, self.seq = host, session, 0
        self.aliases, self.rebirths, self.states = {"a": 1, "m": 2}, 0, []
        self.sent: list[tuple[str, int, int]] = []
        self.born = threading.Event()
        # Births are whole, and messages are sent in the order of their numbers, whichever thread sends.
        self.turn = threading.Lock()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="edge", protocol=paho.MQTTv311)
        self.client.will_set("spBv1.0/G/NDEATH/E", payload(bd_seq(session)), qos=1)
        self.client.on_connect = self._connected
        self.client.on_message = self._heard
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def be_born(self) -> None:
        with self.turn:
            now = _now()
            self._send(
                "NBIRTH", "", metric("a", sp.INT32, 0, alias=self.aliases["a"], ts=now), bd_seq(self.session), now=now, first=True
            )
            self._send("DBIRTH", "/D", metric("m", sp.INT64, 0, alias=self.aliases["m"], ts=now, unit="bar"), now=now)
            self.sent += [("G/E//a", now, 0), ("G/E/D/m", now, 0)]
            time.sleep(0.002)  # each value has a time of its own
            self.born.set()

    def data(self, value: int) -> None:
        """Send the value of both metrics, by their aliases."""
        with self.turn:
            now = _now()
            self._send("NDATA", "", aliased(self.aliases["a"], sp.INT32, value, ts=now), now=now)
            self._send("DDATA", "/D", aliased(self.aliases["m"], sp.INT64, -value, ts=now), now=now)
            self.sent += [("G/E//a", now, value), ("G/E/D/m", now, -value)]
            time.sleep(0.002)

    def die(self) -> None:
        """End as a machine does that loses its power."""
        sock = self.client.socket()
        self.client.loop_stop()
        if sock:
            sock.close()

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _send(self, kind, device, *metrics, now, first=False) -> None:
        self.seq = 0 if first else (self.seq + 1) % 256
        content = payload(*metrics, ts=now, seq=self.seq)
        # A birth is at the broker when it was sent; data goes with QoS 0, as the specification asks for both.
        self.client.publish(f"spBv1.0/G/{kind}/E{device}", content, qos=int("BIRTH" in kind)).wait_for_publish(10)

    def _connected(self, client, _data, _flags, _reason, _properties) -> None:
        client.subscribe([("spBv1.0/G/NCMD/E", 1), ("spBv1.0/STATE/+", 1)])

    def _heard(self, _client, _data, message) -> None:
        # Births are sent from a thread of their own: the client's own thread must be free for them to go out.
        if "STATE" in message.topic:
            state = json.loads(message.payload)
            self.states.append((message.topic.rpartition("/")[2], state["online"]))
            if self.host and message.topic.endswith(f"/{self.host}") and state["online"]:
                threading.Thread(target=self.be_born).start()
        elif REBIRTH in message.payload:
            self.rebirths += 1
            threading.Thread(target=self.be_born).start()


def _now() -> int:
    return time.time_ns() // 1_000_000
