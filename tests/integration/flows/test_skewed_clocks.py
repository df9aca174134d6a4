"""Two machines whose clocks are ten minutes apart write one lake in turns: nothing is lost, doubled, or taken for older than it is."""

import json
import signal
import time

import pytest

from lakeward.flows import ingest_dataset, list_tables
from lakeward.flows.base.workspace import open_workspace
from support.plant import SUITE, csv_line, make_plant
from support.skewed_clock import HAS_COMPILER, WHY_NOT, build_clock, run_command_at, start_command

pytestmark = [pytest.mark.exhaustive, pytest.mark.skipif(not HAS_COMPILER, reason=WHY_NOT)]
AHEAD, BEHIND = 300, -300
# Runs the dataset, and says so and waits when its bronze rows are committed.
WAIT = """
import sys, time
from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset
from lakeward.flows.base.batch_context import BatchStep
def wait(step):
    if step is BatchStep.BRONZE:
        print("bronze", flush=True)
        time.sleep(600)
ingest_dataset(Settings.load(None), "press_line", on_step=wait)
"""


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return build_clock(tmp_path_factory.mktemp("clock"))


def rows(plant, query):
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch(query)


def run_at(clock, seconds, plant):
    code, out, err = run_command_at(clock, seconds, plant.root, "run", "press_line", "--json")
    assert code in {0, 1}, err
    return json.loads(out)


def test_batches_of_two_machines_follow_each_other(clock, tmp_path):
    plant = make_plant(tmp_path / "plant")
    for batch, seconds in enumerate((AHEAD, BEHIND, AHEAD, BEHIND)):
        plant.drop(f"{batch}.csv", csv_line("M1", batch, 20 + batch), csv_line("M2", 0, 30 + batch))
        run_at(clock, seconds, plant)
    assert rows(plant, "SELECT machine, temp_degc FROM silver.press_line ORDER BY 1, 2") == [
        *({"machine": "M1", "temp_degc": 20.0 + batch} for batch in range(4)),
        {"machine": "M2", "temp_degc": 33.0},
    ]
    assert rows(plant, "SELECT list(batch_seq ORDER BY batch_seq) AS n FROM governance.runs") == [{"n": [1, 2, 3, 4]}]


def test_the_newest_definition_is_that_of_the_last_change_not_of_the_latest_clock(clock, tmp_path):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20))
    run_at(clock, AHEAD, plant)
    for minute, (number, seconds) in enumerate(((150, AHEAD), (100, BEHIND)), 1):
        rule = SUITE["expectations"][0]
        plant.suite({**SUITE, "expectations": [{**rule, "kwargs": {**rule["kwargs"], "max_value": number}}]})
        plant.drop(f"{number}.csv", csv_line("M1", minute, 20))
        run_at(clock, seconds, plant)
    before = list_tables(plant.settings)
    run_at(clock, BEHIND, plant)
    assert list_tables(plant.settings) == before
    plant.drop("hot.csv", csv_line("M9", 9, 120))
    assert ingest_dataset(plant.settings, "press_line").counts.quarantine == 1


@pytest.mark.parametrize(("dead", "next_one"), [(AHEAD, BEHIND), (BEHIND, AHEAD)])
def test_a_killed_run_is_finished_by_the_other_machine(clock, tmp_path, dead, next_one):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 21), csv_line("M1", 2, 999))
    process = start_command(clock, dead, plant.root, code=WAIT)
    assert process.stdout.readline() == "bronze\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    began = time.monotonic()
    run_at(clock, next_one, plant)
    assert time.monotonic() - began < 60
    assert rows(plant, "SELECT count(*) AS n FROM silver.press_line") == [{"n": 2}]
    assert rows(plant, "SELECT count(*) AS n FROM bronze.press_line") == [{"n": 3}]
