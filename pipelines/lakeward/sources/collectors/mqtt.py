"""The collector of an MQTT broker: a message is acknowledged when it is on disk, and not before.

One thread receives, writes and acknowledges, so that nothing waits in a queue between them: what is not on disk is the broker's.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from lakeward.contracts.source import MqttSource
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.mqtt_client import MqttSession
from lakeward.sources.collectors.mqtt_manner import Manner, PlainManner
from lakeward.sources.collectors.state import CONNECTED, STOPPED, CollectorJournal, read_state
from lakeward.sources.segments import SegmentStore, SegmentWriter, message_schema

# Most rows of one write to the journal, while more are coming.
COMMIT_ROWS = 1000
# Seconds between two looks at the clock, and between two writes of the state.
TICK, STATE_SECONDS = 0.1, 1.0
# Seconds that a write waits for more messages to come with it.
GATHER = 0.003
# Seconds without a message after which no more are on their way.
SILENCE = 0.3
# Seconds until the next try: the first, and the most.
FIRST_RETRY, LAST_RETRY = 0.5, 30.0
# Not landed messages without acknowledgement (QoS 0) are bounded by memory alone: beyond this many nothing is received.
MAX_WAITING = 200_000


@dataclass(slots=True, kw_only=True)
class MqttCollector:
    """Lands the messages of one dataset until it is stopped.

    Args:
        landing: Folder of all datasets' landed files.
        manner: What it does at the broker beside that.
    """

    dataset: str
    connection: ConnectionSettings
    source: MqttSource
    landing: Path
    clock: Clock = field(default_factory=SystemClock)
    manner: Manner = field(default_factory=PlainManner)
    _acks: list[tuple[int, int]] = field(default_factory=list)
    _is_open: bool = False
    _retry_at: float = 0.0
    _retry: float = FIRST_RETRY
    _disk_retry_at: float = 0.0

    def run(self, stop: Event) -> None:
        """Collect until `stop` is set; then everything that came is landed. A source that is away is tried again and again.

        Raises:
            MachineError: Another collector of the dataset runs; pyarrow is missing.
        """
        folder = self.landing / self.dataset
        before = read_state(folder)
        session = f"{self.connection.address} {self.source.client_id}"
        journal = CollectorJournal(folder=folder, address=self.connection.address, session=session, clock=self.clock)
        writer = SegmentWriter.open(
            SegmentStore.of_dataset(self.landing, self.dataset), self.source.segment, message_schema(self.manner.schema)
        )
        had_session = before is not None and before.session == session
        client = MqttSession(
            connection=self.connection,
            source=self.source,
            on_message=lambda message: self._take(message, writer, journal),
            on_state=journal.change,
            on_lost=self._acks.clear,
            had_session=had_session,
            keeps_session=self.manner.keeps_session,
            prepare=self.manner.prepare,
            on_subscribed=lambda: self.manner.begin(client),
        )
        try:
            self._loop(client, writer, journal, stop)
        finally:
            self._finish(client, writer, journal)

    def _loop(self, client: MqttSession, writer: SegmentWriter, journal: CollectorJournal, stop: Event) -> None:
        written = 0.0
        journal.watch_clock(time.monotonic())
        while not stop.is_set():
            now = time.monotonic()
            if not self._receive(client, writer, now):
                stop.wait(TICK)
            elif client.is_connected:
                self.manner.act(client, journal)
            self._write(client, writer, journal, time.monotonic())
            if now - written >= STATE_SECONDS:
                journal.watch_clock(now)
                journal.write(writer.unlanded, now)
                written = now

    def _receive(self, client: MqttSession, writer: SegmentWriter, now: float) -> bool:
        """Receive for a moment; False if nothing can be received now."""
        if writer.waiting >= MAX_WAITING:
            client.keep_alive()
            return False
        if not self._is_open:
            self._is_open = now >= self._retry_at and client.connect()
            if not self._is_open:
                self._wait_longer(now)
                return False
        if client.step(TICK):
            self._retry = FIRST_RETRY if client.is_connected else self._retry
            return True
        self._is_open = False
        self._wait_longer(now)
        return False

    def _wait_longer(self, now: float) -> None:
        if now >= self._retry_at:
            self._retry_at = now + self._retry
            self._retry = min(2 * self._retry, LAST_RETRY)

    def _take(self, message: Any, writer: SegmentWriter, journal: CollectorJournal) -> None:
        received = self.clock.now()
        if message.qos:
            self._acks.append((message.mid, message.qos))
        row = self.manner.row(message, received)
        if row is None:
            return
        writer.add(row, len(message.payload), time.monotonic())
        journal.messages += 1
        journal.last_message = received

    def _write(self, client: MqttSession, writer: SegmentWriter, journal: CollectorJournal, now: float) -> None:
        """Bring what waits to disk and acknowledge it, and land a segment that is due. A full disk is tried again each second."""
        if now < self._disk_retry_at:
            return
        try:
            if writer.waiting >= COMMIT_ROWS or (writer.waiting and not client.has_more(GATHER)):
                writer.commit()
                self._acknowledge(client)
            if writer.is_due(now):
                writer.land()
                self._acknowledge(client)
        except MachineError as error:
            if error.code != "segment_not_landed":
                raise
            self._disk_retry_at = now + 1.0
            journal.change(error.code, **error.facts)
        else:
            if journal.state == "segment_not_landed" and client.is_connected:
                journal.change(CONNECTED, address=self.connection.address)

    def _acknowledge(self, client: MqttSession) -> None:
        acks, self._acks[:] = self._acks[:], []
        for mid, qos in acks:
            client.acknowledge(mid, qos)

    def _receive_rest(self, client: MqttSession) -> None:
        """Receive what is on its way, where the broker keeps nothing for a collector that is away."""
        deadline = time.monotonic() + self.manner.linger
        while time.monotonic() < deadline and client.has_more(SILENCE):
            client.step(0.0)

    def _finish(self, client: MqttSession, writer: SegmentWriter, journal: CollectorJournal) -> None:
        try:
            writer.commit()
            self._acknowledge(client)
            if client.is_connected:
                self.manner.end(client)
                self._receive_rest(client)
                writer.commit()
                self._acknowledge(client)
            client.disconnect()
            writer.land()
        except MachineError as error:
            journal.change(error.code, **error.facts)
        else:
            journal.change(STOPPED)
        finally:
            journal.write(writer.unlanded, time.monotonic())
            writer.close()
