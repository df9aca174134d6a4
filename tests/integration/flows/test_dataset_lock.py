"""One dataset, several commands at once: they take turns, so that no generation writes into the tables of another."""

import threading
from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset, rebuild_silver
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, make_plant


def fill(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 2, 20.6), csv_line("M1", 3, 999))


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(fill, tmp_path / "plant"))


def rows(plant: Plant, layer: str) -> int:
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch(f"SELECT count(*) AS n FROM {layer}.press_line")[0]["n"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "step", [BatchStep.PINNED, BatchStep.BRONZE, BatchStep.QUARANTINE, BatchStep.CORRECTIONS, BatchStep.PUBLISHED]
)
def test_a_rebuild_beside_an_ingest_doubles_no_row(plant: Plant, step: BatchStep) -> None:
    rebuilding = threading.Thread(target=rebuild_silver, args=(plant.settings, "press_line"))

    def begin(reached: BatchStep) -> None:
        if reached is step:
            rebuilding.start()
            rebuilding.join(timeout=2)

    report = ingest_dataset(plant.settings, "press_line", on_step=begin)
    rebuilding.join()

    assert (report.counts.silver, report.counts.quarantine) == (1, 1)
    assert (rows(plant, "silver"), rows(plant, "quarantine")) == (2, 2)
