"""Devices of Modbus on libmodbus, and a dataset of their registers."""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import run_dataset
from support.http_door import opened, wait_for
from support.line_contracts import STATES, telemetry_contract
from support.mqtt_plant import MqttPlant

CONTRACT = telemetry_contract(
    "modbus",
    "pollMs: 200",
    "timeoutMs: 500",
    "segmentSeconds: 1",
    columns=(
        *STATES,
        "{name: registers, physicalName: $registers, logicalType: string}",
        "{name: failure, physicalName: $failure, logicalType: string}",
    ),
)
HEAD = "address,register,type,function,order,bit,scale,offset,connection,device\n"


@contextmanager
def server(command, **environ):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ})  # noqa: TID251
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        yield
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def build_server(folder: Path) -> Path:
    """The server on libmodbus; where Debian brings it, its lack is a failure in CI."""
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "libmodbus"], capture_output=True, text=True, check=False)
    if found.returncode or not shutil.which("gcc"):
        if os.environ.get("CI"):  # noqa: TID251
            pytest.fail("libmodbus is missing: apt-get install libmodbus-dev gcc pkg-config")
        pytest.skip("libmodbus is missing: apt-get install libmodbus-dev gcc pkg-config")
    path = folder / "server"
    subprocess.run(
        ["gcc", "-o", path, Path(__file__).with_name("modbus_server.c"), *found.stdout.split()], check=True, capture_output=True
    )
    return path


class Plant:
    def __init__(self, root, lines, **ports) -> None:
        self.plant = MqttPlant(root, "", CONTRACT)
        (self.plant.root / "expectations" / "datasets" / "line" / "registers.csv").write_text(HEAD + lines)
        urls = {f"LAKEWARD_CONN_{name.upper()}": f"modbus://127.0.0.1:{port}" for name, port in ports.items()}
        self.settings = Settings.load(self.plant.root, environ=urls)

    def collect(self, state, seconds=1.5):
        with opened(self.settings, "line") as said:
            found = wait_for(self.settings, state, seconds=20)
            time.sleep(seconds)
        assert said["failed"] == {}
        report = run_dataset(self.settings, "line")
        assert report.counts.rejects == report.counts.quarantine == 0
        return found

    def last(self):
        rows = self.plant.fetch("SELECT * FROM silver.line QUALIFY row_number() OVER (PARTITION BY series ORDER BY ts DESC) = 1")
        return {row["series"]: row for row in rows}
