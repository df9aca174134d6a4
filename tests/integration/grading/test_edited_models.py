"""A gold column keeps the grade of what an earlier model read: it falls by two accounts, never by an edit of the model."""

from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import GradeChoice, approve_grade, decide_grade, grade_all, list_grades, rebuild
from support.accounts import OTHER_STEWARD, STEWARD, make_accounts
from support.graded_plant import GOLD_SQL, PHONE, make_graded_plant, run_plant
from support.plant import Plant

CALLER = "press_hourly.caller"
HELD = ("provisional", 3, "personal.phone", "grade_source_left")
LOWER = GradeChoice("", "made of machines now", grade="general", level=2, category="none")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    """The plant of phone numbers, whose caller is made of machine names since its model was edited."""
    return edited(Plant(copy_of(make_graded_plant, tmp_path / "plant")), GOLD_SQL)


def edited(plant: Plant, sql: str) -> Plant:
    model = plant.root / "expectations/datasets/press_hourly/models/press_hourly.sql"
    model.write_text(sql.replace("left(max(tel), 3) || '****'", "max(machine)"))
    run_plant(plant)
    grade_all(plant.settings)
    return plant


@pytest.fixture
def owners(plant: Plant) -> dict[str, Settings]:
    return make_accounts(plant.settings, STEWARD, OTHER_STEWARD)


def caller(plant: Plant) -> tuple[str, int | None, str | None, str]:
    grade = next(row.grade for row in list_grades(plant.settings, "press_hourly") if row.column == "caller")
    return grade.state, grade.level, grade.category, grade.why


def test_the_grade_stands_after_the_edit_and_each_later_run(plant: Plant) -> None:
    assert caller(plant) == HELD
    grade_all(plant.settings)
    assert caller(plant) == HELD


@pytest.mark.exhaustive
def test_it_stands_too_where_another_column_goes_on_reading_the_source(copy_of, tmp_path: Path) -> None:
    counting = GOLD_SQL.replace("count(*) AS readings", "length(max(tel)) AS readings")
    assert caller(edited(Plant(copy_of(make_graded_plant, tmp_path / "plant")), counting)) == HELD


def test_two_accounts_lower_it_without_a_transform_and_one_does_not(plant: Plant, owners: dict[str, Settings]) -> None:
    with pytest.raises(LakewardError) as refused:
        decide_grade(owners[STEWARD.name], CALLER, LOWER)
    assert refused.value.code == "grade_approval_missing"
    approve_grade(owners[OTHER_STEWARD.name], CALLER, LOWER)
    decide_grade(owners[STEWARD.name], CALLER, LOWER)
    grade_all(plant.settings)
    assert caller(plant)[:3] == ("overridden", 2, None)


def test_a_column_that_left_its_contract_holds_the_grade_too(plant: Plant) -> None:
    contract = plant.root / "expectations/datasets/press_line/contract.odcs.yaml"
    assert PHONE in contract.read_text()
    contract.write_text(contract.read_text().replace(PHONE, "").replace("version: 1.0.0", "version: 2.0.0", 1))
    rebuild(plant.settings, "press_line")
    run_plant(plant)
    grade_all(plant.settings)
    assert caller(plant) == HELD
