"""A derived column falls only by a named transform whose output is checked, again on each batch: a check that fails withdraws it."""

from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.names import new_run_id
from lakeward.core.settings import Settings
from lakeward.flows import GradeChoice, approve_grade, decide_grade, grade_all, ingest_dataset, list_grades, preview_decision
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import ignore_step
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.curate import Curation, curation_candidate
from support.accounts import OTHER_STEWARD, STEWARD, make_accounts
from support.graded_plant import drop_hour, make_graded_plant, run_plant, transforms_file
from support.plant import Plant

CALLER = "press_hourly.caller"
LOWER = GradeChoice("", "a prefix is no number", grade="general", level=2, category="none", transform="prefix")
HIGH, LOW = ("provisional", 3, "personal.phone"), ("overridden", 2, None)


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_graded_plant, tmp_path / "plant"))


@pytest.fixture
def owners(plant: Plant) -> dict[str, Settings]:
    return make_accounts(plant.settings, STEWARD, OTHER_STEWARD)


def caller(plant: Plant) -> tuple[str, int | None, str | None, str]:
    grade = next(row.grade for row in list_grades(plant.settings, "press_hourly") if row.column == "caller")
    return grade.state, grade.level, grade.category, grade.why


def lower(owners: dict[str, Settings], **more: object) -> str:
    """The grade after two accounts lowered it, or the code of why they could not."""
    choice = replace(LOWER, **more)
    try:
        approve_grade(owners[OTHER_STEWARD.name], CALLER, choice)
        return decide_grade(owners[STEWARD.name], CALLER, choice).grade.state
    except LakewardError as error:
        return error.code


def test_a_checked_transform_lowers_and_a_batch_that_fails_the_check_withdraws_it(plant: Plant, owners) -> None:
    assert caller(plant) == (*HIGH, "grade_inherited")
    assert lower(owners) == "overridden"
    assert caller(plant)[:3] == LOW

    drop_hour(plant, 2, 3)  # a group of three: less than k
    assert run_plant(plant) == ("transform_withdrawn",)
    assert caller(plant) == (*HIGH, "grade_transform_withdrawn")
    grade_all(plant.settings)
    assert caller(plant)[:3] == HIGH
    drop_hour(plant, 2, 6)  # the group grows, but a grade that was withdrawn comes back by two persons alone
    run_plant(plant)
    assert caller(plant)[:3] == HIGH
    decide_grade(owners[STEWARD.name], CALLER, GradeChoice("", "seen"))
    assert caller(plant) == ("confirmed", 3, "personal.phone", "grade_confirmed")
    assert lower(owners) == "overridden"
    assert caller(plant)[:3] == LOW


@pytest.mark.exhaustive
def test_a_batch_that_passes_keeps_it(plant: Plant, owners) -> None:
    lower(owners)
    decide_grade(owners[STEWARD.name], CALLER, GradeChoice("", "looked again"))
    drop_hour(plant, 2, 5)
    assert run_plant(plant) == ()
    assert caller(plant)[1:3] == LOW[1:]


def curate_without_check(plant: Plant) -> None:
    """Curate as `curate_dataset` does, up to where a kill would leave the batch."""
    workspace = open_workspace(plant.settings)
    with workspace.engine(curation_candidate(workspace, "press_hourly").contract) as engine:
        definition = pinning.current_definition(engine, "press_hourly")
        assert definition
        list(Curation(workspace, engine, new_run_id(), ignore_step).run(definition))


def test_a_batch_that_was_not_checked_is_served_at_the_higher_grade(plant: Plant, owners) -> None:
    lower(owners)
    drop_hour(plant, 2, 6)
    ingest_dataset(plant.settings, "press_line")
    curate_without_check(plant)
    assert caller(plant) == (*HIGH, "grade_transform_unchecked")
    grade_all(plant.settings)
    assert caller(plant)[:3] == LOW


def test_what_is_not_a_safe_named_transform_lowers_nothing(plant: Plant, owners) -> None:
    assert lower(owners, transform="first three digits") == "transform_unknown"
    assert lower(owners, transform="prefix@2.0.0") == "transform_unknown"
    assert lower(owners, transform=None) == "grade_lower_untransformed"
    transforms_file(plant).write_text(transforms_file(plant).read_text().replace("k: 4", "k: 7"))
    assert lower(owners) == "transform_small_group"
    transforms_file(plant).write_text(transforms_file(plant).read_text().replace("count: readings", "person: mean_degc"))
    assert lower(owners) == "transform_small_group"
    assert caller(plant)[:3] == HIGH


@pytest.mark.exhaustive
def test_another_definition_under_the_same_version_proves_nothing(plant: Plant, owners) -> None:
    lower(owners)
    text = transforms_file(plant).read_text()
    transforms_file(plant).write_text(text.replace("k: 4", "k: 2"))
    grade_all(plant.settings)
    assert caller(plant)[:3] == HIGH
    transforms_file(plant).write_text(text)
    grade_all(plant.settings)
    assert caller(plant)[:3] == HIGH
    assert lower(owners) == "overridden"
    transforms_file(plant).unlink()
    grade_all(plant.settings)
    assert caller(plant)[:3] == HIGH


def test_a_preview_shows_the_fall_and_records_nothing(plant: Plant, owners) -> None:
    shown = [(e.column, e.now.level, e.after.level) for e in preview_decision(owners[STEWARD.name], CALLER, LOWER)]
    assert shown == [("caller", 3, 2)]
    assert caller(plant)[:3] == HIGH


def test_a_raise_of_the_source_goes_past_the_transform(plant: Plant, owners) -> None:
    lower(owners)
    decide_grade(owners[STEWARD.name], "press_line.tel", GradeChoice("", "witnesses", grade="core"))
    grade = next(row.grade for row in list_grades(plant.settings, "press_hourly") if row.column == "caller")
    assert (grade.grade, grade.why) == ("core", "grade_raised_after_decision")
