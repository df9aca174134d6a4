"""A plant with one dataset of messages, its broker, and the two programs that bring them into the lake, as a person starts them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.collectors.state import CollectorState, read_state
from support.line_contracts import telemetry_contract

CONTRACT = telemetry_contract("mqtt", 'topics: ["umh/v1/#"]', "payload: umh", "segmentSeconds: 1").replace(
    "primaryKeyPosition: 2}", "primaryKeyPosition: 2, customProperties: [{property: timeFormat, value: epoch_ms}]}"
)
LAKEWARD = Path(sys.executable).with_name("lakeward")
START_MS = 1_772_366_400_000


class MqttPlant:
    """The project, and child processes over it."""

    def __init__(self, root: Path, url: str, contract: str = CONTRACT) -> None:
        self.root = create_project(root)
        self.environ = {**os.environ, "LAKEWARD_CONN_PLANT_BROKER": url}  # noqa: TID251
        folder = self.root / "expectations" / "datasets" / "line"
        folder.mkdir(parents=True)
        (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")

    def start(self, *words: str) -> subprocess.Popen:
        command = [str(LAKEWARD), "--project", str(self.root), *words]
        with (self.root / "programs.log").open("ab") as log:
            return subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)

    def collect(self) -> subprocess.Popen:
        return self.start("collect", "line")

    def drain(self) -> subprocess.Popen:
        return self.start("run", "line")

    @property
    def state(self) -> CollectorState | None:
        return read_state(self.root / "lake" / "landing" / "line")

    def wait_for(self, state: str, pid: int, seconds: float = 60) -> CollectorState:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.state
            if found and found.state == state and found.pid == pid:
                return found
            time.sleep(0.05)
        raise AssertionError((self.state, (self.root / "programs.log").read_text()[-2000:]))

    def fetch(self, query: str) -> list[dict]:
        with open_workspace(Settings.load(self.root)).engine() as engine:
            return engine.fetch(query)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(20)


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def reading(number: int, tags: int = 50) -> tuple[str, bytes]:
    """Message `number` of a plant: its series, time and value follow from the number."""
    return f"umh/v1/acme/t{number % tags}", b'{"timestamp_ms":%d,"value":%d.5}' % (START_MS + number, number)
