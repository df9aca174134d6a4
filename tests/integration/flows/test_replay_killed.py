"""A replay that is killed after any step, then asked for again, ends in the tables of one that was not; so does a repair."""

import shutil
import signal
from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset
from lakeward.flows.base.batch_context import BatchStep
from support.plant import Plant, csv_line
from support.processes import quick_processes
from support.quarantine_line import EVERY_ROW, HOT_ROWS, QuarantinePlant, make_quarantine_plant, replay_killed_at
from support.repeatable_rows import repeatable_rows

PROCESSES = quick_processes()
# A replay reads what bronze has, and it parses nothing.
# Each takes ten seconds; in every change those between which a table is written.
OFTEN = (BatchStep.PINNED, BatchStep.QUARANTINE, BatchStep.PUBLISHED)
STEPS = [
    pytest.param(step, marks=() if step in OFTEN else pytest.mark.exhaustive, id=step.value)
    for step in BatchStep
    if step not in (BatchStep.REJECTS, BatchStep.BRONZE)
]


def prepare_repaired_plant(root: Path) -> QuarantinePlant:
    """A repaired row that passes, one that corrects silver, and one that fails again."""
    aside = make_quarantine_plant(root)
    aside.plant.drop("b.csv", csv_line("A", 0, 205))
    ingest_dataset(aside.settings, "press_line")
    aside.repair()
    return aside


@pytest.fixture
def repaired(copy_of, tmp_path: Path) -> QuarantinePlant:
    """A copy of it for one test."""
    return QuarantinePlant(Plant(copy_of(prepare_repaired_plant, tmp_path / "plant")))


def contents(aside: QuarantinePlant) -> dict[str, list[tuple[str, ...]]]:
    """Every table's rows without what a rerun need not repeat, in one order."""
    return repeatable_rows({name: aside.fetch(f"SELECT * FROM {name}") for name in aside.versions()})


@pytest.fixture(scope="module")
def undisturbed(copy_of, tmp_path_factory):
    aside = QuarantinePlant(Plant(copy_of(prepare_repaired_plant, tmp_path_factory.mktemp("undisturbed") / "plant")))
    aside.replay(EVERY_ROW)
    assert aside.temperatures() == {0: 20.5, 1: 21.5, 2: 30.0}
    return contents(aside)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_replay_goes_on_where_it_stood(repaired, step, undisturbed):
    process = PROCESSES.Process(target=replay_killed_at, args=(repaired.plant.root, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL

    repaired.replay()

    assert contents(repaired) == undisturbed


@pytest.mark.exhaustive
def test_a_run_of_the_dataset_brings_a_killed_replay_to_its_end(repaired, undisturbed):
    process = PROCESSES.Process(target=replay_killed_at, args=(repaired.plant.root, BatchStep.QUARANTINE))
    process.start()
    process.join()

    ingest_dataset(repaired.settings, "press_line")

    assert contents(repaired) == undisturbed


def test_a_repair_without_its_event_counts_for_nothing_and_is_made_again(tmp_path):
    aside = make_quarantine_plant(tmp_path / "plant")
    aside.repair()
    shutil.rmtree(aside.plant.root / "lake" / "governance" / "quarantine_events")  # as if killed between its two commits

    assert aside.replay(HOT_ROWS).counts.silver == 0
    assert aside.repair() == 2
    assert aside.replay(HOT_ROWS).counts.silver == 2
