"""A plant with one dataset that is a table of a database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.workspace import open_workspace

COLUMNS = """\
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: ts, logicalType: timestamp, required: true}
      - {name: value, logicalType: number}
"""
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:readings
name: readings
version: {version}
status: active
schema:
  - name: readings
    logicalType: object
    properties:
{columns}customProperties:
  - property: source
    value:
      kind: sql
      connection: historian
      timezone: Asia/Shanghai
{source}
  - {{property: timeColumn, value: ts}}
"""
XID8 = "      table: public.readings\n      watermark: {column: xid, mode: xid8}"
LOOKBACK = "      table: public.readings\n      watermark: {column: ts, mode: lookback, lookback: 1h}"
TABLE = """CREATE TABLE readings (id bigint PRIMARY KEY, ts timestamptz NOT NULL, value float8,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id())"""
LAKEWARD = Path(sys.executable).with_name("lakeward")


class SqlPlant:
    """The project, and child processes over it."""

    def __init__(self, root: Path, url: str, source: str = XID8, columns: str = COLUMNS) -> None:
        self.root, self.url = create_project(root), url
        (self.root / "expectations" / "datasets" / "readings").mkdir(parents=True)
        self.write_contract(source, columns)

    @property
    def settings(self) -> Settings:
        return Settings(start=self.root, connections={"HISTORIAN": self.url})

    @property
    def folder(self) -> Path:
        """Folder of the contract."""
        return self.root / "expectations" / "datasets" / "readings"

    def write_contract(self, source: str = XID8, columns: str = COLUMNS, version: str = "1.0.0") -> None:
        text = CONTRACT.format(version=version, source=source, columns=columns)
        (self.folder / "contract.odcs.yaml").write_text(text, encoding="utf-8")

    def start(self, *words: str) -> subprocess.Popen:
        """A process of its own, as a person starts it."""
        environ = {**os.environ, "LAKEWARD_CONN_HISTORIAN": self.url}  # noqa: TID251
        with (self.root / "programs.log").open("ab") as log:
            return subprocess.Popen([str(LAKEWARD), "--project", str(self.root), *words], env=environ, stdout=log, stderr=log)

    def fetch(self, query: str) -> list[dict]:
        """Rows of the lake."""
        with open_workspace(self.settings).engine() as engine:
            return engine.fetch(query)

    def ids(self, table: str = "silver.readings") -> list[int]:
        """The ids in a table, in order, as often as they are there."""
        return [row["id"] for row in self.fetch(f"SELECT id FROM {table} ORDER BY id")]


def kill(process: subprocess.Popen) -> bool:
    """Kill it as a power cut does; whether it still ran."""
    is_running = process.poll() is None
    process.send_signal(signal.SIGKILL) if is_running else None
    process.wait(30)
    return is_running
