"""A line of messages whose `series.csv` says ranges and intervals, on either engine."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakeward.core.settings import EMBEDDED, Settings
from lakeward.flows import run_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.collectors.state import CollectorJournal
from lakeward.sources.segments import SegmentStore
from support.both_engines import CONF
from support.mqtt_plant import CONTRACT, MqttPlant
from support.segments import land_messages

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = "address,series,unit,type,interval,deadband,low,high,range\n"


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


class MappedLine:
    """The plant, its collector's clock, and what its readings are."""

    def __init__(self, root: Path, *lines: str, contract: str = CONTRACT, suite: tuple = (), engine: str = EMBEDDED) -> None:
        self.plant = MqttPlant(root / "plant", "mqtt://127.0.0.1:1", contract)
        self.folder = self.plant.root / "expectations" / "datasets" / "line"
        made = Settings.load(self.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})
        session = replace(Settings.load().spark, master="local[2]", conf=CONF)
        self.settings = replace(made, engine=engine, spark=session)
        self.store = SegmentStore.of_dataset(self.plant.root / "lake" / "landing", "line")
        self.clock = SetClock()
        self.map(*lines)
        if suite:
            (self.folder / "suite.json").write_text(json.dumps({"name": "line", "expectations": list(suite)}))

    def map(self, *lines: str) -> None:
        (self.folder / "series.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))

    def journal(self, at: int) -> CollectorJournal:
        """The journal of a collector that begins `at` seconds after noon."""
        self.clock.time = NOON + timedelta(seconds=at)
        return CollectorJournal(folder=self.store.folder.parent, address="mqtt://broker", clock=self.clock)

    def run(self, *readings: tuple):
        """Take the mapping of now, land `(tag, seconds after noon, value)`, and run; the report."""
        workspace = open_workspace(self.settings)
        workspace.source(workspace.project.contract("line")).receive()
        noon = int(NOON.timestamp())
        land_messages(
            self.store,
            [
                (f"umh/v1/{tag}", json.dumps({"timestamp_ms": (noon + at) * 1000, "value": value}).encode())
                for tag, at, value in readings
            ],
        )
        return run_dataset(self.settings, "line")

    def verdicts(self, batch: int) -> dict[str, tuple]:
        """Outcome, evaluated, failed and observed of the rules of the source, by type."""
        rows = self.plant.fetch(f"SELECT * FROM governance.verdicts WHERE batch_seq = {batch} ORDER BY judged_at")
        return {
            row["expectation"]: (row["outcome"], row["evaluated"], row["failed"], row["observed"])
            for row in rows
            if row["expectation"].startswith(("series_", "expect_series"))
        }

    def values(self, layer: str) -> list[tuple]:
        return [
            (row["series"], row["v"])
            for row in self.plant.fetch(f"SELECT series, CAST(value AS DOUBLE) AS v FROM {layer}.line ORDER BY 1, 2")
        ]
