"""A press line whose thermometer once sent tenths of a degree, and helpers of its quarantine tests."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset, repair_rows, replay_rows
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.steward.repair import Repair
from support.plant import SUITE, Plant, csv_line, make_plant

BY = Signature("li.wei", None, "the sensor sent tenths")
STEWARD = Signature("wang.fang", "steward", "heat test, agreed with the plant")
TENTHS = Repair({"temp_degc": "CAST(temp_degc AS DOUBLE) / 10"})
HOT_ROWS = Selection(rules=("temp_in_range",))
EVERY_ROW = Selection(where="TRUE")
# Places of the rows of `aside` below: the header is line 1.
FIRST, SECOND, WORD = (1, 3), (1, 4), (1, 5)


@dataclass(frozen=True)
class QuarantinePlant:
    """The plant, and what its tables hold."""

    plant: Plant

    @property
    def settings(self):
        return self.plant.settings

    def fetch(self, query: str) -> list[dict[str, Any]]:
        with open_workspace(self.settings).engine() as engine:
            return engine.fetch(query)

    def temperatures(self) -> dict[int, float]:
        """Minute -> what silver says."""
        found = self.fetch("SELECT minute(ts) AS minute, temp_degc FROM silver.press_line ORDER BY ts")
        return {row["minute"]: row["temp_degc"] for row in found}

    def versions(self) -> dict[str, int]:
        """Table -> its version: a run that commits nothing leaves them."""
        with open_workspace(self.settings).engine() as engine:
            return {str(table.name): table.version for table in engine.tables()}

    def widen(self, limit: float) -> None:
        """Change the rule."""
        rule = SUITE["expectations"][0]
        self.plant.suite({**SUITE, "expectations": [{**rule, "kwargs": {**rule["kwargs"], "max_value": limit}}]})

    def repair(self, selection: Selection = HOT_ROWS, repair: Repair = TENTHS) -> int:
        return repair_rows(self.settings, "press_line", selection, repair, BY)

    def replay(self, selection: Selection | None = None):
        return replay_rows(self.settings, "press_line", selection or Selection(), BY)


def make_quarantine_plant(root: Path) -> QuarantinePlant:
    """One good row, two that are too hot, one that is no number."""
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("A", 0, 20), csv_line("A", 1, 215), csv_line("A", 2, 300), csv_line("A", 3, "warm"))
    ingest_dataset(plant.settings, "press_line")
    return QuarantinePlant(plant)


def replay_killed_at(root: Path, step: BatchStep) -> None:
    """Replay, and kill the process at `step`."""

    def die(reached: BatchStep) -> None:
        if reached is step:
            os.kill(os.getpid(), signal.SIGKILL)

    replay_rows(Settings(start=root), "press_line", EVERY_ROW, BY, on_step=die)
