"""A project and its lake as version 0.2.0 left them: a guessed key of theirs stays in force, and what it replaced is counted."""

import shutil
from pathlib import Path

import pytest

import lakeward
from lakeward.core.errors import ExitCode, MachineError
from lakeward.core.settings import Settings
from lakeward.engines.tables import Txn
from lakeward.flows import list_runs, list_tables, project_status, read_scorecard, rebuild, run_all
from lakeward.flows.base import governance
from lakeward.flows.base.lake_schema import SCHEMA_APP, SCHEMA_TABLE, SCHEMA_VERSION, SCHEMA_VERSIONS
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.older_projects import unpack_project

NEW_DAY = "Date;Time;Temp\n03/03/2026;06.00.00;71,5\n03/03/2026;06.00.10;71,6\n"
NEXT = "ts,machine,temp_degC,state\n2026-03-02 12:10:00,M1,61.5,RUN\n"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return unpack_project("0_2", tmp_path_factory.mktemp("before"))


@pytest.fixture
def plant(unpacked, tmp_path):
    return Path(shutil.copytree(unpacked, tmp_path / "plant"))


def engine_of(plant):
    return open_workspace(Settings(start=plant)).engine()


def replaced(plant):
    return {row.dataset: row.replaced for row in project_status(Settings(start=plant))}


def test_a_run_finds_nothing_new_and_commits_to_no_table(plant):
    before = list_tables(Settings(start=plant))
    reports, failed = run_all(Settings(start=plant))
    assert ([report.batches for report in reports], failed) == ([0, 0, 0], {})
    assert list_tables(Settings(start=plant)) == before


@pytest.mark.exhaustive
def test_status_counts_the_rows_that_were_replaced_before_runs_counted_them(plant, capsys):
    assert replaced(plant) == {"press_hourly": 0, "press_line": 2, "shift_log": 9}
    assert "replaced" in run_command(capsys, plant, "status").out


@pytest.mark.exhaustive
def test_its_key_stays_in_force_and_a_day_that_would_replace_another_is_halted(plant):
    (plant / "inbox" / "shift_log" / "day3.csv").write_text(NEW_DAY, encoding="utf-8")
    reports, failed = run_all(Settings(start=plant))
    assert ({report.dataset: report.halted for report in reports}, failed) == (
        {"press_line": None, "shift_log": 3, "press_hourly": None},
        {},
    )
    assert replaced(plant)["shift_log"] == 9


def test_the_first_batch_adds_the_columns_and_the_number(plant):
    (plant / "inbox" / "press_line" / "third.csv").write_text(NEXT, encoding="utf-8")
    reports, failed = run_all(Settings(start=plant))
    assert ([(r.dataset, r.counts.silver, r.counts.corrections) for r in reports if r.batches], failed) == (
        [("press_line", 1, 0), ("press_hourly", 1, 0)],
        {},
    )
    with engine_of(plant) as engine:
        found = engine.fetch("SELECT corrections FROM governance.runs WHERE dataset = 'press_line' ORDER BY batch_seq")
        assert engine.fetch("SELECT schema_version FROM governance.schema_versions") == [{"schema_version": SCHEMA_VERSION}]
    assert [row["corrections"] for row in found] == [None, None, 0]
    assert replaced(plant)["press_line"] == 2
    assert {run.dataset: run.counts.corrections for run in list_runs(Settings(start=plant))} == {
        "press_hourly": 0,
        "press_line": 0,
        "shift_log": 0,
    }


@pytest.mark.exhaustive
def test_a_rebuild_counts_again_and_replaces_the_same_rows(plant):
    assert rebuild(Settings(start=plant), "shift_log").counts.corrections == 9
    assert replaced(plant)["shift_log"] == 9


@pytest.mark.exhaustive
def test_the_page_is_built_and_tells_no_corrections_that_nobody_counted(plant):
    totals = read_scorecard(Settings(start=plant)).results["totals"].single_row
    assert (totals["silver"], totals["corrections"]) == (86, None)


def test_served_rows_are_those_of_before(plant):
    rows = lakeward.connect(role="analyst", project=plant).sql("SELECT count(*) FROM silver.press_line")
    assert rows.fetchall() == [(59,)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [("score", "press_line"), ("grade", "list"), ("verdicts", "shift_log"), ("scorecard", "build")])
def test_what_was_recorded_can_be_read(plant, capsys, words):
    answer = run_command(capsys, plant, *words)
    assert (answer.code, answer.err) == (0, "")


def test_a_newer_lake_is_refused_and_left_as_it_is(plant, capsys):
    with engine_of(plant) as engine:
        row = {"schema_version": SCHEMA_VERSION + 1, "program": "9.0.0"}
        governance.append_rows(engine, SCHEMA_TABLE, [row], Txn(SCHEMA_APP, SCHEMA_VERSION + 1))
    (plant / "inbox" / "press_line" / "third.csv").write_text(NEXT, encoding="utf-8")
    for words in (
        ("run", "press_line"),
        ("status",),
        ("score",),
        ("query", "SELECT count(*) FROM silver.press_line", "--as", "analyst"),
    ):
        answer = run_command(capsys, plant, *words)
        assert (answer.code, answer.out) == (ExitCode.ENVIRONMENT, ""), words
        assert f"at most {SCHEMA_VERSION}" in answer.err
        assert "Next: pip install --upgrade lakeward" in answer.err
    with pytest.raises(MachineError):
        lakeward.connect(role="analyst", project=plant)


def test_every_column_that_this_lake_lacks_stands_in_an_entry_of_the_versions(plant):
    entries = [entry for entry in SCHEMA_VERSIONS if entry.version > 1]
    added = {(table, column) for entry in entries for table, columns in entry.columns.items() for column in columns}
    with engine_of(plant) as engine:
        stored = {info.name.name: {c.name for c in info.columns} for info in engine.tables() if info.name.layer == "governance"}
    specs = {name: governance.table_spec(name) for name in stored}
    lacking = {(name, c.name) for name, spec in specs.items() for c in spec.columns if c.name not in stored[name]}
    assert lacking == {(table, column) for table, column in added if table in stored}
    assert all(c.nullable for name, spec in specs.items() for c in spec.columns if (name, c.name) in added)
    assert [entry.version for entry in SCHEMA_VERSIONS] == [*range(1, SCHEMA_VERSION + 1)]
