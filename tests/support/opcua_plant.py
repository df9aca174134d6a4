"""A server of OPC UA by other people's hands (node-opcua), and a dataset of its nodes."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.kafka_cluster import free_port
from support.line_contracts import STATES, telemetry_contract

# Folder with node_modules/node-opcua (tests/README.md).
MODULES = "TEST_NODE_OPCUA"
SCRIPT = Path(__file__).with_name("opcua_server.js")
CONTRACT = telemetry_contract(
    "opcua",
    "samplingMs: 50",
    "publishingMs: 200",
    "segmentSeconds: 1",
    columns=(
        *STATES,
        "{name: unit, logicalType: string}",
        "{name: recovered, physicalName: $recovered, logicalType: boolean}",
    ),
)


def mapping(tags: int, deadband: str = "") -> str:
    lines = [f"nsu=urn:plant;s=tag{tag},line0/tag{tag},Cel,number,,{deadband},-40,150" for tag in range(tags)]
    return "\n".join(["address,series,unit,type,interval,deadband,low,high", *lines]) + "\n"


class NodeServer:
    """The server in a process of its own."""

    def __init__(self, folder: Path, tags: int) -> None:
        modules = os.environ.get(MODULES)  # noqa: TID251
        if not modules or not shutil.which("node"):
            pytest.skip(f"{MODULES} names no folder with node-opcua, or node is missing (tests/README.md)")
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.pki = free_port(), folder / "pki"
        environ = {**os.environ, "NODE_PATH": f"{modules}/node_modules", "HOME": str(folder)}  # noqa: TID251
        self._log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            ["node", str(SCRIPT), str(self.port), str(tags), str(self.pki)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._wait_for("ready")

    def say(self, **command) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        self._wait_for("done")

    def stop(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self._log.close()

    def _wait_for(self, word: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the server ended: {self._log.name}")
