"""What calls for grading again opens a task, once, until a later decision; sizes of data sets; grades of tables; impacts."""

import json
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import (
    GradeChoice,
    decide_grade,
    grade_all,
    ingest_dataset,
    list_grades,
    list_table_grades,
    list_tables,
    list_tasks,
    reopen_grading,
    rules_in_force,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.graded_plant import drop_hour, make_graded_plant, run_plant
from support.plant import Plant

OVERLAY = """\
sectors: [automobile, steel]
categories:
  mill.rolling_force: {impact: {object: economy, degree: 2}}
detectors:
  rolling_force: {category: mill.rolling_force, version: 1, names: 'temp', source: plant rule 7}
thresholds:
  - {measure: persons, from: 6, grade: core, source: told by the authority on 2026-03-02}
  - {measure: bytes, from: 1000, grade: important, source: plant rule 8}
declared: {press_line: {bytes: 1000}}
"""


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_graded_plant, tmp_path / "plant"))


def overlay(plant: Plant, text: str = OVERLAY) -> None:
    (plant.root / "expectations" / "policies" / "grading.yaml").write_text(text, encoding="utf-8")


def confirm(plant: Plant, column: str = "press_line.machine", **more: str) -> None:
    decide_grade(plant.settings, column, GradeChoice("wang", "looked", **more))
    grade_all(plant.settings)


def tasks(plant: Plant) -> list[tuple[str, str, str]]:
    return [(task.dataset, task.trigger, task.found) for task in list_tasks(plant.settings)]


def test_growth_by_a_third_opens_one_task_until_a_decision(plant: Plant) -> None:
    confirm(plant)
    drop_hour(plant, 2, 1)
    run_plant(plant)
    grade_all(plant.settings)
    assert tasks(plant) == []
    drop_hour(plant, 3, 1)
    run_plant(plant)
    grade_all(plant.settings)
    assert tasks(plant) == [("press_line", "scale", "8")]
    before = {str(row.table): row.version for row in list_tables(plant.settings)}
    grade_all(plant.settings)
    assert {str(row.table): row.version for row in list_tables(plant.settings)} == before
    confirm(plant)
    assert tasks(plant) == []


@pytest.mark.exhaustive
def test_a_new_source_and_a_core_column_that_only_filters_open_tasks(plant: Plant) -> None:
    confirm(plant, "press_hourly.readings")
    decide_grade(plant.settings, "press_line.machine", GradeChoice("wang", "plan", grade="core"))
    model = plant.root / "expectations" / "datasets" / "press_hourly" / "models" / "press_hourly.sql"
    model.write_text(model.read_text().replace("GROUP BY 1", "WHERE machine <> 'M9' GROUP BY 1"))
    run_plant(plant)
    grade_all(plant.settings)
    assert ("press_hourly", "indirect", "silver.press_line.machine") in tasks(plant)
    readings = {row.column: row.grade.grade for row in list_grades(plant.settings, "press_hourly")}
    assert readings["readings"] == "general"


def test_a_person_opens_a_task_for_what_no_query_sees(plant: Plant) -> None:
    made = reopen_grading(plant.settings, "press_line", "incident", "sent to a wrong address", "wang")
    assert (made.item, made.direction, made.opened_by) == (7, "up", "wang")
    assert tasks(plant) == [("press_line", "incident", "-")]
    for wrong in (("press_line", "scale", "r", "wang"), ("press_line", "other", " ", "wang"), ("nowhere", "other", "r", "wang")):
        with pytest.raises(LakewardError):
            reopen_grading(plant.settings, *wrong)


def test_rules_of_sectors_and_of_the_project_apply_and_a_sector_without_rules_says_so(plant: Plant) -> None:
    overlay(plant)
    grade_all(plant.settings)
    rules = rules_in_force(plant.settings)
    assert {each.sector: (each.rules, each.certainty) for each in rules.sectors} == {"automobile": (4, "B"), "steel": (0, "none")}
    found = {row.column: (row.grade.grade, row.grade.category) for row in list_grades(plant.settings, "press_line")}
    assert found["temp_degc"] == ("important", "mill.rolling_force")
    tables = {table.name: table for table in list_table_grades(plant.settings)}
    assert (tables["press_line"].grade, tables["press_line"].by, tables["press_line"].may_be) == (
        "important",
        "temp_degc",
        "core",
    )
    assert (tables["production"].kind, tables["production"].grade) == ("set", "important")
    assert sorted(tasks(plant)) == [("press_line", "threshold", "bytes 1000"), ("press_line", "threshold", "persons 6")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sectors: [stel]\n", "grading_sector_unknown"),
        ("sector: [steel]\n", "contract_unknown_key"),
        ("categories: {a: {impact: {object: moon, degree: 2}}}\n", "grading_entry_invalid"),
        ("detectors: {a: {category: none.such, version: 1, names: a}}\n", "grading_entry_invalid"),
        ("detectors: {a: {category: personal.phone, version: 1, names: '('}}\n", "grading_entry_invalid"),
        ("thresholds: [{measure: heads, from: 1, grade: core, source: s}]\n", "grading_entry_invalid"),
        ("declared: {a: {bytes: many}}\n", "grading_entry_invalid"),
    ],
)
def test_own_rules_that_are_not_valid_are_refused_with_their_line(plant: Plant, text: str, code: str) -> None:
    overlay(plant, text)
    with pytest.raises(LakewardError) as error:
        grade_all(plant.settings)
    assert (error.value.code, error.value.facts["line"]) == (code, 1)


def test_a_grade_follows_from_whom_a_leak_would_harm(plant: Plant) -> None:
    confirm(plant, "press_line.temp_degc", impact="organisation:1, economy:2")
    found = {row.column: row.grade.grade for row in list_grades(plant.settings, "press_line")}
    assert found["temp_degc"] == "important"
    with open_workspace(plant.settings).engine() as engine:
        rows = governance.read_rows(engine, "grade_decisions", order="seq")
    assert rows[-1]["impact"] == "organisation:1, economy:2"
    for wrong in ({"impact": "economy:4"}, {"impact": "moon:1"}, {"impact": "economy:2", "grade": "core"}):
        with pytest.raises(LakewardError):
            decide_grade(plant.settings, "press_line.temp_degc", GradeChoice("wang", "r", **wrong))


def test_the_commands_say_it_in_both_languages(plant: Plant, capsys) -> None:
    run_command(capsys, plant.root, "grade", "reopen", "press_line", "--trigger", "other", "--reason", "r", "--by", "wang")
    assert "incident" not in run_command(capsys, plant.root, "grade", "tasks").out
    assert "其他原因" in run_command(capsys, plant.root, "grade", "tasks", "--lang", "zh").out
    assert json.loads(run_command(capsys, plant.root, "grade", "tables", "--json").out)[0]["name"] == "press_hourly"
    assert "规则" in run_command(capsys, plant.root, "grade", "rules", "--lang", "zh").out
    dry = run_command(
        *(capsys, plant.root, "grade", "override", "press_line.tel", "--grade", "core", "--by", "wang"),
        *("--reason", "r", "--dry-run"),
    )
    assert (dry.code, "press_hourly" in dry.out) == (0, True)
    assert not list_tasks(plant.settings, "press_hourly")


@pytest.mark.exhaustive
def test_a_batch_without_a_grading_run_changes_no_task(plant: Plant) -> None:
    confirm(plant)
    drop_hour(plant, 2, 6)
    ingest_dataset(plant.settings, "press_line")
    assert tasks(plant) == []
