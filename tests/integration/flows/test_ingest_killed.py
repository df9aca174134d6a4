"""A kill at any step, then a rerun, leaves the same rows as no kill; two runs at once leave the rows of one."""

import signal
from pathlib import Path

import pytest

from lakeward.core.names import Layer
from lakeward.flows import ingest_dataset, list_tables
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, ingest, ingest_killed_at, make_plant
from support.processes import quick_processes
from support.repeatable_rows import repeatable_rows

PROCESSES = quick_processes()


def make_filled(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 20.6), csv_line("M1", 1, 20.7), csv_line("M1", 2, 999), "torn")
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 33.3), csv_line("M1", 4, 20.9), csv_line("M1", 5, 999), "torn")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_filled, tmp_path / "plant"))


def contents(plant: Plant) -> dict[str, list[tuple[str, ...]]]:
    """Every table's rows without what a rerun need not repeat, in one order."""
    with open_workspace(plant.settings).engine() as engine:
        tables = engine.tables()
        found = {str(t.name): engine.fetch(f"SELECT * FROM {t.name}") for t in tables}
    return repeatable_rows(found)


@pytest.fixture(scope="module")
def undisturbed(copy_of, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, ...]]]:
    plant = Plant(copy_of(make_filled, tmp_path_factory.mktemp("undisturbed") / "plant"))
    ingest_dataset(plant.settings, "press_line")
    found = contents(plant)
    assert {
        f"{layer}.press_line" for layer in Layer if layer not in (Layer.GOLD, Layer.GOVERNANCE, Layer.REPAIRS, Layer.CUBES)
    } <= set(found)
    return found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("step", [step for step in BatchStep if step is not BatchStep.ROW_IDS])
def test_a_kill_after_any_step_then_a_rerun_ends_in_the_same_tables(plant: Plant, step: BatchStep, undisturbed) -> None:
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL

    ingest_dataset(plant.settings, "press_line")

    assert contents(plant) == undisturbed


@pytest.mark.exhaustive
def test_two_processes_at_once_end_in_the_tables_of_one(plant: Plant, undisturbed) -> None:
    processes = [PROCESSES.Process(target=ingest, args=(plant.root,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]

    assert contents(plant) == undisturbed
    assert len(list_tables(plant.settings)) == len(undisturbed)


def test_a_resumed_batch_goes_on_with_the_rules_it_was_planned_with(plant: Plant) -> None:
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, BatchStep.BRONZE))
    process.start()
    process.join()
    plant.suite({"name": "press_line", "expectations": []})

    report = ingest_dataset(plant.settings, "press_line")

    assert report.counts.quarantine == 1
