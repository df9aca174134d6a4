"""A repair that makes one column of another carries the other's grade along: values must not be lowered by a detour."""

import pytest

from lakeward.flows import decide_grade, grade_dataset
from lakeward.flows.grading.decide import GradeChoice
from lakeward.flows.steward.repair import Repair
from support.plant import csv_line
from support.quarantine_line import HOT_ROWS, make_quarantine_plant


def grades(aside) -> dict[str, str]:
    return {row.column: row.grade.grade for row in grade_dataset(aside.settings, "press_line")}


def test_column_made_of_a_core_column_by_a_repair_is_core(tmp_path):
    aside = make_quarantine_plant(tmp_path / "plant")
    assert grades(aside)["machine"] == "general"
    aside.repair(HOT_ROWS, Repair({"machine": "machine || temp_degc", "temp_degc": "'21'"}))
    decide_grade(aside.settings, "press_line.temp_degc", GradeChoice("wang.fang", "a secret process", grade="core"))
    aside.replay(HOT_ROWS)
    assert grades(aside)["machine"] == "core"


@pytest.mark.exhaustive
def test_replays_alone_leave_grades_as_they_are(tmp_path):
    aside = make_quarantine_plant(tmp_path / "plant")
    before = grades(aside)
    aside.repair()
    aside.replay(HOT_ROWS)
    aside.plant.drop("b.csv", csv_line("A", 9, 20))
    assert grades(aside) == before
