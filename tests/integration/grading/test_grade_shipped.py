"""The shipped project, a simulated day through it, graded: every planted person is found, and gold takes after its sources."""

from dataclasses import replace

import pytest

from lakeward.flows import create_project, decide_grade, draft_dataset, grade_all, list_grades, list_tables, preview_decision
from lakeward.flows.grading.decide import GradeChoice

PERSONAL = {
    "technician_name": ("personal.name", 2),
    "technician_phone": ("personal.phone", 3),
    "technician_id_number": ("personal.resident_id", 4),
    "fault_text": ("personal.phone", 3),
}


@pytest.fixture(scope="module")
def graded(shipped_copy):
    return shipped_copy, grade_all(shipped_copy)


def test_every_planted_person_is_found_and_nothing_else(graded):
    found = {r.column: (r.grade.category, r.grade.level) for r in graded[1] if r.grade.category}
    assert found == PERSONAL


def test_every_column_of_the_shipped_datasets_has_a_grade(graded):
    assert {(r.grade.state, r.grade.grade) for r in graded[1]} == {("provisional", "general")}
    assert {r.grade.why for r in graded[1]} == {"grade_class_default", "grade_column_is", "grade_column_contains"}


def test_gold_takes_the_highest_of_what_it_is_made_of_at_once(graded):
    settings, _ = graded
    choice = GradeChoice("wang", "prices of suppliers", grade="important")
    shown = {(e.dataset, e.column): e.after.grade for e in preview_decision(settings, "maintenance_orders.cost", choice)}
    assert shown == {("maintenance_orders", "cost"): "important", ("asset_health_daily", "orders_cost"): "important"}
    assert gold_grades(settings)["orders_cost"].grade == "general"

    decide_grade(settings, "maintenance_orders.cost", choice)
    gold = gold_grades(settings)
    assert (gold["orders_cost"].grade, gold["orders_cost"].why) == ("important", "grade_inherited")
    assert gold["temp_mean"].grade == "general"
    grade_all(settings)
    before = lake_versions(settings)
    grade_all(settings)
    assert lake_versions(settings) == before


def gold_grades(settings):
    return {r.column: r.grade for r in list_grades(settings, "asset_health_daily")}


def lake_versions(settings):
    return {str(row.table): row.version for row in list_tables(settings)}


def test_a_draft_says_which_columns_hold_personal_data_and_shows_none(graded, tmp_path):
    settings, _ = graded
    sample = next((settings.start / "inbox" / "maintenance_orders").glob("*.csv"))
    folder = draft_dataset(replace(settings, start=create_project(tmp_path / "new")), "orders", sample)
    text = (folder / "contract.odcs.yaml").read_text()
    assert text.count("classification: general") == len(PERSONAL)
    assert "personal.resident_id: its values are that" in text
    assert "1990000" not in text
