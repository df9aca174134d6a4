"""A rule of severity halt stops the publish of its batch; bronze keeps it, silver does not change, and later batches wait."""

import json

import pytest

from lakeward.flows import explain_row, grade_dataset, ingest_dataset, list_tables, project_status, rebuild
from support.command_line import run_command, run_in_subprocess
from support.plant import SUITE, Plant, csv_line, make_plant

MEAN = {
    "type": "expect_column_mean_to_be_between",
    "kwargs": {"column": "temp_degc", "max_value": 100},
    "meta": {"lakeward": {"id": "mean_plausible", "severity": "halt"}},
}

RELEASE = (
    *("quarantine", "release", "press_line", "--batch", "2"),
    *("--by", "li.wei", "--role", "steward", "--reason", "heat test"),
)


def make_waiting(root):
    plant = make_plant(root)
    plant.suite({**SUITE, "expectations": [*SUITE["expectations"], MEAN]})
    plant.drop("a.csv", csv_line("A", 1, 20))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("A", 2, 150), csv_line("A", 3, 160))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(make_waiting, tmp_path / "p"))


def rows(plant):
    return {str(row.table): row.rows for row in list_tables(plant.settings)}


def test_halted_batch_stays_in_bronze_and_out_of_silver(plant):
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, report.batches, report.failed) == (2, 0, ("mean_plausible",))
    assert (rows(plant)["bronze.press_line"], rows(plant)["silver.press_line"]) == (3, 1)
    assert next(step.code for step in project_status(plant.settings)[0].next) == "next_halted"


def test_later_batches_wait_for_it_and_a_rerun_commits_nothing(plant):
    ingest_dataset(plant.settings, "press_line")
    plant.drop("c.csv", csv_line("A", 4, 20))
    first = list_tables(plant.settings)
    assert ingest_dataset(plant.settings, "press_line").halted == 2
    assert list_tables(plant.settings) == first


@pytest.mark.exhaustive
def test_rebuild_under_a_right_rule_goes_past_it(plant):
    ingest_dataset(plant.settings, "press_line")
    plant.suite(SUITE)
    report = rebuild(plant.settings, "press_line")
    assert (report.halted, rows(plant)["silver.press_line"]) == (None, 3)
    assert all(step.code != "next_halted" for step in project_status(plant.settings)[0].next)


def test_steward_releases_it_and_what_waited_follows(plant, capsys):
    ingest_dataset(plant.settings, "press_line")
    plant.drop("c.csv", csv_line("A", 4, 20))
    assert run_command(capsys, plant.root, *RELEASE).code in (0, 1)
    ingest_dataset(plant.settings, "press_line")
    assert rows(plant)["silver.press_line"] == 4


@pytest.mark.exhaustive
def test_the_release_is_in_the_history_of_each_row_of_its_batch(plant, capsys):
    ingest_dataset(plant.settings, "press_line")
    run_command(capsys, plant.root, *RELEASE)
    grade_dataset(plant.settings, "press_line")
    where = "machine=A,ts=2026-03-01T06:0{}:00Z"
    first, released = (explain_row(plant.settings, "silver.press_line", where.format(minute), "steward") for minute in (1, 2))

    assert [row.life for row in first] == [()]
    assert [(event.event, event.by, event.reason, event.batch) for event in released[0].life] == [
        ("release", "li.wei", "heat test", 2)
    ]


def test_command_says_what_stopped_and_how_to_go_on(plant, capsys):
    ran = run_command(capsys, plant.root, "run", "press_line")
    assert ran.code == 1
    assert "mean_plausible" in ran.out
    assert "lakeward quarantine release press_line --batch 2" in ran.out


@pytest.mark.exhaustive
def test_a_warning_is_not_printed_as_a_bare_code(plant):
    ran = run_in_subprocess(plant.root, "run", "press_line")
    assert (ran.code, ran.err, "batch_halted" in ran.out) == (1, "", False)


def test_json_names_the_batch(plant, capsys):
    ran = run_command(capsys, plant.root, "run", "press_line", "--json")
    assert json.loads(ran.out)[0]["halted"] == 2


@pytest.mark.exhaustive
def test_rows_of_a_released_batch_on_which_the_rule_fails_are_still_set_aside(plant, capsys):
    hot = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "temp_degc", "max_value": 155}}
    plant.suite({**SUITE, "expectations": [{**hot, "meta": {"lakeward": {"id": "hot", "severity": "halt"}}}]})
    ingest_dataset(plant.settings, "press_line")
    run_command(capsys, plant.root, *RELEASE)
    assert (rows(plant)["silver.press_line"], rows(plant)["quarantine.press_line"]) == (2, 1)


@pytest.mark.exhaustive
def test_a_halted_run_says_it_in_words_alone(plant):
    """No log of ours reaches a person unless asked for, and no message's code either."""
    halted = run_in_subprocess(plant.root, "run", "press_line")
    assert "mean_plausible" in halted.out
    assert "batch_halted" not in halted.output
    assert halted.err == ""
