"""A mosquitto of a test's own: on a free port, with its files in the test's folder; killed and started again at will."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Debian puts it where only root's PATH looks.
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")  # noqa: TID251
CONFIG = """\
listener {port} 127.0.0.1
{access}
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 0
max_inflight_messages {inflight}
queue_qos0_messages true
user root
log_type error
log_type warning
{more}
"""


@dataclass
class Broker:
    """A broker on loopback."""

    folder: Path
    port: int
    process: subprocess.Popen | None = None
    extra: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert MOSQUITTO
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder / "broker.log").read_text())

    def stop(self) -> None:
        """End it, with what it holds saved."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None


def make_broker(folder: Path, *, inflight: int = 1000, access: str = "allow_anonymous true", more: str = "") -> Broker:
    """A broker that is not started yet; without the program the test is skipped, but in CI it fails."""
    if MOSQUITTO is None:
        if os.environ.get("CI"):  # noqa: TID251
            pytest.fail("mosquitto is missing: apt-get install mosquitto")
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = CONFIG.format(port=port, folder=folder, inflight=inflight, access=access, more=more)
    (folder / "mosquitto.conf").write_text(text)
    return Broker(folder, port)


def publish(broker: Broker, messages, *, qos: int = 1, retain: bool = False) -> None:
    """Publish `(topic, payload)`, each acknowledged by the broker; at most 1000 are on the way at once."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    sent = []
    for topic, payload in messages:
        sent.append(client.publish(topic, payload, qos=qos, retain=retain))
        if len(sent) >= 1000:
            for one in sent:
                one.wait_for_publish(60)
            sent = []
    for one in sent:
        one.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()
