"""A repair is tried before it is made: rows before and after, and the rules that they would pass; nothing is recorded but the read."""

import json
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import GradeChoice, decide_grade, grade_dataset, ingest_dataset, list_access, try_repair
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.steward.repair import Repair
from support.command_line import run_command
from support.plant import SUITE, Plant, csv_line
from support.quarantine_line import EVERY_ROW, FIRST, HOT_ROWS, TENTHS, WORD, QuarantinePlant, make_quarantine_plant

NAME = "press_line"


def fill(root: Path) -> None:
    line = make_quarantine_plant(root)
    grade_dataset(line.settings, NAME)


@pytest.fixture
def line(copy_of, tmp_path: Path) -> QuarantinePlant:
    return QuarantinePlant(Plant(copy_of(fill, tmp_path / "plant")))


def refused(call, *arguments):
    with pytest.raises(LakewardError) as raised:
        call(*arguments)
    return raised.value.code


def test_it_shows_rows_before_and_after_and_the_rules_they_would_pass(line):
    found = try_repair(line.settings, NAME, HOT_ROWS, Repair({"temp_degc": "CAST(temp_degc AS DOUBLE) - 50"}), "steward")

    assert (found.rows, found.passing) == (2, 1)
    assert [(rule.rule, rule.before, rule.after) for rule in found.rules] == [("temp_in_range", 2, 1)]
    assert [(row.id, dict(row.before), dict(row.after), row.fails) for row in found.samples] == [
        ("1:3", {"temp_degc": "215"}, {"temp_degc": "165.0"}, ()),
        ("1:4", {"temp_degc": "300"}, {"temp_degc": "250.0"}, ("temp_in_range",)),
    ]


@pytest.mark.exhaustive
def test_it_says_what_a_replay_then_does(line):
    found = try_repair(line.settings, NAME, HOT_ROWS, TENTHS, "steward")
    line.repair(HOT_ROWS, TENTHS)
    report = line.replay(HOT_ROWS)

    assert (report.counts.silver, report.counts.quarantine) == (found.passing, found.rows - found.passing)


def test_nothing_is_recorded_but_the_read(line):
    before = {table: version for table, version in line.versions().items() if table != "governance.access_log"}
    try_repair(line.settings, NAME, Selection(rows=(WORD,)), Repair(texts={"temp_degc": "20"}), "steward")

    assert {table: version for table, version in line.versions().items() if table != "governance.access_log"} == before
    (read,) = list_access(line.settings)
    assert (read.tables, read.rows, read.role, read.verdict) == (("quarantine.press_line",), 1, "steward", "allowed")


@pytest.mark.exhaustive
def test_at_most_twenty_rows_are_shown_and_all_are_counted(line):
    line.plant.drop("b.csv", *(csv_line("B", minute, 300 + minute) for minute in range(30)))
    ingest_dataset(line.settings, NAME)
    found = try_repair(line.settings, NAME, HOT_ROWS, TENTHS, "steward")

    assert (found.rows, found.passing, len(found.samples)) == (32, 32, 20)
    with open_workspace(line.settings).engine() as engine:
        (entry,) = governance.read_rows(engine, "access_log")
    assert (entry["rows_out"], entry["rows_charged"]) == (20, found.rows)  # the counts speak of every row


def test_rules_of_now_judge(line):
    line.widen(400)
    found = try_repair(line.settings, NAME, HOT_ROWS, Repair({"temp_degc": "temp_degc"}), "steward")

    assert (found.rows, found.passing) == (2, 2)


def test_a_value_that_fails_to_convert_is_a_failure_of_its_type(line):
    found = try_repair(line.settings, NAME, Selection(rows=(FIRST, WORD)), Repair(texts={"temp_degc": "warm"}), "steward")

    assert (found.passing, found.samples[0].fails) == (0, ("type:temp_degc",))
    assert {rule.rule: (rule.before, rule.after) for rule in found.rules} == {"temp_in_range": (1, 0), "type:temp_degc": (1, 2)}


def test_a_hidden_column_leaves_neither_through_another_one_nor_through_counts(line):
    decide_grade(line.settings, "press_line.temp_degc", GradeChoice("li.wei", "a recipe", grade="core"))
    try_as_analyst = (try_repair, line.settings, NAME)

    assert refused(*try_as_analyst, EVERY_ROW, Repair({"machine": "temp_degc"}), "analyst") == "column_not_clear"
    assert (
        refused(*try_as_analyst, Selection(where="temp_degc = '300'"), Repair({"machine": "'A'"}), "analyst")
        == "column_not_clear"
    )
    assert (
        refused(*try_as_analyst, Selection(where="_extra LIKE '%x%'"), Repair({"machine": "'A'"}), "analyst")
        == "column_not_clear"
    )
    typed = Selection(rows=(FIRST,))
    assert refused(*try_as_analyst, typed, Repair(texts={"temp_degc": "20"}), "analyst") == "repair_column_not_clear"
    found = try_repair(line.settings, NAME, typed, Repair(texts={"machine": "B"}), "analyst")
    assert [(dict(row.before), dict(row.after), row.fails) for row in found.samples] == [({"machine": "A"}, {"machine": "B"}, ())]
    assert [(rule.rule, rule.before, rule.after) for rule in found.rules] == [("temp_in_range", 1, None)]


@pytest.mark.exhaustive
def test_a_rule_that_compares_with_a_hidden_column_answers_nothing(line):
    pair = {
        "type": "expect_column_pair_values_a_to_be_greater_than_b",
        "kwargs": {"column_A": "machine", "column_B": "temp_degc"},
        "meta": {"lakeward": {"id": "pair", "severity": "quarantine"}},
    }
    line.plant.contract(columns="      - {name: limit, physicalName: Limit, logicalType: number, physicalType: double}\n")
    pair["kwargs"]["column_A"] = "limit"
    line.plant.suite({**SUITE, "expectations": [*SUITE["expectations"], pair]})
    line.plant.drop("b.csv", "A,2026-03-01T08:00:00Z,300,1", header="Machine,Time,Temp,Limit")
    ingest_dataset(line.settings, NAME)
    grade_dataset(line.settings, NAME)
    decide_grade(line.settings, "press_line.temp_degc", GradeChoice("li.wei", "a recipe", grade="core"))
    found = try_repair(line.settings, NAME, Selection(rows=((2, 2),)), Repair(texts={"limit": "299"}), "analyst")

    assert [rule.after for rule in found.rules if rule.rule in {"pair", "temp_in_range"}] == [None, None]
    assert (found.passing, found.samples[0].fails) == (1, ())


def test_nothing_selected_and_nothing_open_say_so(line, capsys):
    root = line.plant.root
    command = ("quarantine", "repair", NAME, "--set", "temp_degc = 1", "--dry-run")

    assert "no open row" in run_command(capsys, root, *command, "--where", "machine = 'Z'", "--as", "steward").out
    assert refused(try_repair, line.settings, NAME, Selection(), TENTHS, "steward") == "quarantine_selection_needed"


@pytest.mark.exhaustive
def test_the_command_shows_it_in_both_languages(line, capsys):
    root = line.plant.root
    command = ("quarantine", "repair", NAME, "--rule", "temp_in_range", "--set", "temp_degc = 1", "--as", "steward", "--dry-run")

    english = run_command(capsys, root, *command)
    assert (english.code, "2 rows of press_line would be repaired" in english.out) == (0, True)
    assert "将修复 press_line 的 2 行" in run_command(capsys, root, *command, "--lang", "zh").out
    assert json.loads(run_command(capsys, root, *command, "--json").out)["passing"] == 2
