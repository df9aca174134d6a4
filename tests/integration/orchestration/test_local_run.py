"""The DAGs run for real, in one process, without services."""

import json

import pytest

RUN = """
import json, signal
from pathlib import Path
from lakeward.core.settings import Settings
from lakeward.orchestration.local import run_local
seen = []
runs = run_local(Settings.load(Path(".")), {names}, seen.append)
told = [[r.dag_id, r.state, getattr(r.error, "code", None)] for r in runs]
assert seen == runs
print(json.dumps([told, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL]))
"""
ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"


@pytest.fixture
def delivered(plant):
    for name in ("press", "oven"):
        (plant / "inbox" / name).mkdir(parents=True)
        (plant / "inbox" / name / "a.csv").write_text(ROWS, encoding="utf-8")
    return plant


def test_dags_run_after_what_they_read_and_every_state_is_told(python, delivered):
    told, _ = python(RUN.format(names=[]), PYTHONWARNINGS="default")
    assert [dag for dag, _, _ in told][-2:] == ["curate__oven_daily", "govern__plant"]
    assert {dag: state for dag, state, _ in told} == dict.fromkeys(
        ("ingest__press", "ingest__oven", "curate__oven_daily", "govern__plant"), "success"
    )
    assert sorted(path.name for path in (delivered / "lake" / "gold").iterdir()) == ["oven_daily"]
    assert (delivered / "scorecard" / "scorecard.html").is_file()


def test_a_second_run_of_all_dags_changes_no_table(python, delivered):
    versions = """
from lakeward.flows import list_tables
tables = list_tables(Settings.load(Path(".")))
run_local(Settings.load(Path(".")), [], seen.append)
print(json.dumps([len(tables), list_tables(Settings.load(Path("."))) == tables]))
"""
    count, same = python(RUN.format(names=[]) + versions, PYTHONWARNINGS="default")
    assert count > 12
    assert same


def test_sigterm_ends_the_process_again_after_a_run(python, delivered):
    _, ends = python(RUN.format(names=["press"]), PYTHONWARNINGS="default")
    assert ends


def test_a_failed_flow_is_told_with_its_error_and_not_tried_again(python, delivered):
    (delivered / "lake").write_text("a file where the lake should be", encoding="utf-8")
    ((dag, state, code),), _ = python(RUN.format(names=["press"]), PYTHONWARNINGS="default")
    assert (dag, state) == ("ingest__press", "failed")
    assert code


def test_a_project_without_its_dags_file_says_how_to_add_it(python, plant):
    (plant / "dags" / "lakeward_dags.py").unlink()
    code = """
import json
from pathlib import Path
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.orchestration.local import run_local
try:
    run_local(Settings.load(Path(".")), [], print)
except LakewardError as error:
    print(json.dumps(str(error)))
"""
    assert "globals().update(dags(__file__))" in python(code)


def test_a_halted_batch_fails_its_task_and_says_who_may_release_it(python, delivered):
    suite = {
        "name": "press",
        "expectations": [
            {
                "type": "expect_column_max_to_be_between",
                "kwargs": {"column": "temp", "max_value": 20},
                "meta": {"lakeward": {"severity": "halt"}},
            }
        ],
    }
    (delivered / "expectations" / "datasets" / "press" / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    state, told = python(RUN.format(names=["press"]) + "print(json.dumps([runs[0].state, str(runs[0].error)]))")
    assert state == "failed"
    assert "lakeward quarantine release press --batch 1" in told
    assert not (delivered / "lake" / "silver" / "press").exists()


def test_too_many_rejects_fail_the_task_with_counts_and_the_next_command_though_good_rows_are_published(python, delivered):
    (delivered / "inbox" / "press" / "b.csv").write_text(
        "ts,temp\n2026-03-01T07:00:00Z\n2026-03-01T07:01:00Z,21.5\n", encoding="utf-8"
    )
    state, told = python(RUN.format(names=["press"]) + "print(json.dumps([runs[0].state, str(runs[0].error)]))")
    assert state == "failed"
    assert "batch 1 of press: 1 of 4 records are rejected (25.0%), more than limits.rejectedShare" in told
    assert "lakeward quarantine show press" in told
    assert (delivered / "lake" / "silver" / "press").exists()
