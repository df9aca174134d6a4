"""The live demo: a simulated plant sends to a broker of its own, a collector lands, a run follows, and the end is counted against the truth."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.follow import follow_dataset
from lakeward.flows.collecting.collect import collect
from lakeward.flows.grading.grade import grade_dataset
from lakeward.flows.serving.connection import open_connection
from lakeward.simulator.live import LivePlant
from lakeward.sources.collectors.mqtt_client import check_connection
from lakeward.sources.collectors.mqtt_sender import MqttSender
from lakeward.sources.collectors.state import read_state

DATASET = "live"
ROLE = "analyst"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:live
name: live
version: 1.0.0
status: active
description: {purpose: Readings of a simulated plant}
team: {name: demo}
schema:
  - name: live
    logicalType: object
    properties:
      - {name: series, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - name: ts
        logicalType: timestamp
        required: true
        primaryKey: true
        primaryKeyPosition: 2
        customProperties: [{property: timeFormat, value: epoch_ms}]
      - {name: value, logicalType: number}
customProperties:
  - property: source
    value: {kind: mqtt, connection: demo, topics: ["umh/v1/#"], payload: umh, segmentSeconds: 1}
  - {property: timeColumn, value: ts}
  - {property: series, value: [series]}
  - {property: dataClass, value: production}
"""
BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 1000
"""
# Places that a user's PATH may lack.
_PROGRAMS = f"{os.defpath}:/usr/sbin:/usr/local/sbin"
# Seconds to wait: for the broker, and for the last messages to be served.
_START, _END = 20.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """The live demo at one moment, or at its end.

    Args:
        seconds: Since the first message.
        sent: Readings that the plant sent, each a series and a time of its own.
        junk: Messages that it cut off.
        again: Messages that it sent twice.
        rate: Messages per second that the collector received over the last minute.
        segments: Landed segments.
        batches: Batches that the run took.
        silver: Readings in silver.
        rejects: Messages in rejects.
        duplicates: Readings that came twice.
        failed_rules: Rules with verdict FAIL of the newest batch.
        lag: Seconds from sending to silver of the newest batch, of half of its readings; None before the first.
        lag_95: The same of 95 of 100.
        served: Readings that the role sees at the end; None before.
    """

    seconds: int
    sent: int
    junk: int
    again: int
    rate: float
    segments: int
    batches: int
    silver: int
    rejects: int
    duplicates: int
    failed_rules: int
    lag: float | None
    lag_95: float | None
    served: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, and nothing is there that was not sent."""
        return self.served == self.silver == self.sent and (self.rejects, self.duplicates) == (self.junk, self.again)

    def as_dict(self) -> dict[str, object]:
        """All figures, and the verdict.

        Returns:
            is_complete: Whether nothing is missing, and nothing is there that was not sent.
        """
        return {**fields_of(self), "is_complete": self.is_complete}


@dataclass(slots=True, kw_only=True)
class _Drained:
    """What the run that follows has reported so far."""

    batches: int = 0
    silver: int = 0
    rejects: int = 0
    duplicates: int = 0
    failed_rules: int = 0
    lags: tuple[float | None, float | None] = (None, None)

    def add(self, report: RunReport, lags: tuple[float | None, float | None]) -> None:
        counts = report.counts
        self.batches += report.batches
        self.silver += counts.silver
        self.rejects += counts.rejects
        self.duplicates += counts.duplicates
        self.failed_rules, self.lags = len(report.failed), lags


def run_live_demo(
    settings: Settings, seconds: int, rate: int, on_figures: Callable[[LiveFigures], None], stop: Event | None = None
) -> LiveFigures:
    """Run the demo for so many seconds in a folder of its own, which is removed at the end.

    Args:
        rate: Readings per second.
        on_figures: Takes the figures once a second.
        stop: Set, it ends the sending early.

    Raises:
        MachineError: mosquitto or the extra `mqtt` is missing, or something could not start.
    """
    check_connection(ConnectionSettings(name="demo", scheme="mqtt", host="127.0.0.1"))
    with tempfile.TemporaryDirectory(prefix="lakeward-live-") as name, _broker(Path(name)) as port:
        root = create_project(Path(name) / "plant")
        folder = root / "expectations" / "datasets" / DATASET
        folder.mkdir()
        (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
        own = replace(
            settings, start=root, lake=None, connections={"DEMO": f"mqtt://127.0.0.1:{port}"}, token=None, accounts=None
        )
        return _Demo(own, port, LivePlant(rate), stop or Event()).run(seconds, on_figures)


@contextmanager
def _broker(folder: Path) -> Iterator[int]:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PROGRAMS)
    if program is None:
        raise MachineError("mosquitto_missing")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "mosquitto.conf").write_text(BROKER.format(port=port), encoding="utf-8")
    words = [program, "-c", str(folder / "mosquitto.conf")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            _wait_for_port(port)
            yield port
        finally:
            process.terminate()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise MachineError("broker_not_started", found="-")


class _Demo:
    """The programs of one demo, each in a thread."""

    def __init__(self, settings: Settings, port: int, plant: LivePlant, stop: Event) -> None:
        self._settings, self._port, self._plant, self._stop = settings, port, plant, stop
        self._ended, self._drained = Event(), _Drained()
        self._errors: list[LakewardError] = []
        self._landing = open_workspace(settings).files / "landing" / DATASET

    def run(self, seconds: int, on_figures: Callable[[LiveFigures], None]) -> LiveFigures:
        started, threads = time.monotonic(), [Thread(target=self._guard, args=(work,)) for work in (self._collect, self._follow)]
        for thread in threads:
            thread.start()
        try:
            self._wait_until(lambda: (state := read_state(self._landing)) is not None and state.state == "source_connected")
            started = time.monotonic()
            sender = Thread(target=self._guard, args=(lambda: self._send(seconds),))
            sender.start()
            while sender.is_alive() and not self._errors:
                on_figures(self._figures(started))
                sender.join(1.0)
            self._wait_until(
                lambda: self._drained.silver >= self._plant.truth.readings and self._is_settled(), on_figures, started
            )
        finally:
            self._stop.set()
            self._ended.set()
            for thread in threads:
                thread.join()
        if self._errors:
            raise self._errors[0]
        return replace(self._figures(started), served=self._served_rows())

    def _is_settled(self) -> bool:
        drained, truth = self._drained, self._plant.truth
        return drained.rejects >= truth.junk and drained.duplicates >= truth.again

    def _wait_until(
        self, is_so: Callable[[], bool], on_figures: Callable[[LiveFigures], None] = lambda _: None, started: float = 0.0
    ) -> None:
        """Wait, but not for ever: what is missing then is said at the end."""
        deadline = time.monotonic() + _END
        while time.monotonic() < deadline and not is_so() and not self._errors:
            on_figures(self._figures(started))
            time.sleep(0.5)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LakewardError as error:
            self._errors.append(error)

    def _collect(self) -> None:
        failed = collect(self._settings, [DATASET], self._ended, lambda *_: None)
        self._errors += failed.values()

    def _follow(self) -> None:
        follow_dataset(self._settings, DATASET, self._ended, self._add, every=1.0)

    def _add(self, report: RunReport) -> None:
        now = time.time()
        with open_workspace(self._settings).engine() as engine:
            behind = f"{now} - epoch(ts)"
            newest = "_batch_seq = (SELECT max(_batch_seq) FROM silver.live)"
            [row] = engine.fetch(
                f"SELECT quantile_cont({behind}, 0.5) AS half, quantile_cont({behind}, 0.95) AS most FROM silver.live WHERE {newest}"
            )
        self._drained.add(report, (row["half"], row["most"]))

    def _send(self, seconds: int) -> None:
        plant = self._plant
        with MqttSender("127.0.0.1", self._port) as sender:
            start = time.monotonic()
            for number in range(seconds * plant.count):
                ahead = start + number / plant.count - time.monotonic()
                if ahead > 0 and self._stop.wait(ahead):
                    return
                for topic, payload in plant.messages(number % plant.count, time.time_ns() // 1_000_000):
                    sender.send(topic, payload)

    def _figures(self, started: float) -> LiveFigures:
        state, truth, drained = read_state(self._landing), self._plant.truth, self._drained
        return LiveFigures(
            seconds=int(time.monotonic() - started),
            sent=truth.readings,
            junk=truth.junk,
            again=truth.again,
            rate=state.rate if state else 0.0,
            segments=sum(1 for _ in (self._landing / "segments").glob("*/*.parquet")),
            batches=drained.batches,
            silver=drained.silver,
            rejects=drained.rejects,
            duplicates=drained.duplicates,
            failed_rules=drained.failed_rules,
            lag=drained.lags[0],
            lag_95=drained.lags[1],
        )

    def _served_rows(self) -> int:
        """What the role sees of the table in the served views."""
        grade_dataset(self._settings, DATASET)
        with open_connection(self._settings, ROLE) as connection:
            [count] = connection.sql("SELECT count(*) FROM silver.live").fetchone() or (0,)
        return int(count)
