"""A project and its lake as version 0.1.0 left them: they open, run, score and serve, and nothing that was stored is written again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lakeward
from lakeward.core.settings import Settings
from lakeward.flows import list_runs, list_tables, run_all
from support.command_line import run_command
from support.older_projects import unpack_project

STORED = {"silver.press_line": 240, "quarantine.press_line": 1, "gold.press_hourly": 12, "governance.runs": 5}
THIRD = "ts,machine,temp_degC,state\n2026-03-03 06:00:00,M1,61.5,RUN\n2026-03-03 06:01:00,M2,Bad,RUN\n"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return unpack_project("0_1", tmp_path_factory.mktemp("before"))


@pytest.fixture
def plant(unpacked, tmp_path):
    return Path(shutil.copytree(unpacked, tmp_path / "plant"))


def tables(plant):
    return {str(found.table): found for found in list_tables(Settings(start=plant))}


def test_a_run_finds_nothing_new_and_commits_to_no_table(plant):
    before = tables(plant)
    assert {name: before[name].rows for name in STORED} == STORED
    reports, failed = run_all(Settings(start=plant))
    assert ([report.batches for report in reports], failed) == ([0, 0], {})
    assert tables(plant) == before


def test_the_next_batch_goes_the_whole_way(plant):
    (plant / "inbox" / "press_line" / "third.csv").write_text(THIRD, encoding="utf-8")
    reports, failed = run_all(Settings(start=plant))
    counted = [(report.dataset, report.counts.silver, report.counts.quarantine) for report in reports]
    assert (counted, failed) == ([("press_line", 1, 1), ("press_hourly", 1, 0)], {})
    assert [run.batches for run in list_runs(Settings(start=plant))] == [3, 4]


def test_served_rows_and_grades_are_those_of_before(plant):
    rows = lakeward.connect(role="analyst", project=plant).sql("SELECT count(*), min(mean_temp_degc) > 60 FROM gold.press_hourly")
    assert rows.fetchall() == [(12, True)]


@pytest.mark.parametrize(
    "words", [("status",), ("score", "press_line"), ("grade", "list"), ("verdicts", "press_line"), ("maturity", "show")]
)
def test_what_was_recorded_can_be_read(plant, capsys, words):
    answer = run_command(capsys, plant, *words)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out


def test_its_dags_file_still_makes_a_dag_per_contract(plant):
    program = "import runpy; from airflow.sdk import DAG; found = runpy.run_path('dags/lakeward_dags.py'); print(*sorted(d.dag_id for d in found.values() if isinstance(d, DAG)))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=plant,
        env={"AIRFLOW_HOME": str(plant / ".airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert {"press_line", "press_hourly"} <= {name.rpartition("__")[2] for name in ran.stdout.split()}, ran.stdout + ran.stderr
