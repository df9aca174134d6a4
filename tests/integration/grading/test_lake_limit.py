"""A lake states the highest grade that it may hold: nothing above it is received, published or served; both engines."""

from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import ProtectionError, SettingsError
from lakeward.core.settings import Settings
from lakeward.flows import curate_dataset, explain_policy, grade_all, ingest_dataset, list_tables, open_connection, replay_rows
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection
from lakeward.grading.grade import Grade
from support.both_engines import ENGINES
from support.grade_decisions import override_phone_grade
from support.graded_plant import HEADER, PHONE, drop_hour, make_graded_plant
from support.plant import Plant, make_plant

CLASSIFIED = PHONE.replace("physicalType: string}", "physicalType: string, classification: important}")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_graded_plant, tmp_path / "plant"))


def limit(plant: Plant, grade: str) -> None:
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"highest_grade: {grade}\n", encoding="utf-8")


def state(plant: Plant) -> tuple[dict[str, int], set[str]]:
    tables = {str(row.table): row.version for row in list_tables(plant.settings)}
    return tables, {path.name for path in (plant.root / "lake" / "landing").rglob("*") if path.is_file()}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_dataset_with_a_column_above_the_limit_is_refused_before_anything_is_received(plant, engine):
    override_phone_grade(str(plant.root), "wang")
    limit(plant, "general")
    drop_hour(plant, 2, 3)
    before = state(plant)
    settings = replace(plant.settings, engine=engine, spark=Settings.load().spark)
    with pytest.raises(ProtectionError, match=r"tel \(important\)") as refused:
        ingest_dataset(settings, "press_line")
    assert (refused.value.code, refused.value.exit_code) == ("grade_above_lake", 3)
    assert "highest_grade" in str(refused.value)
    assert state(plant) == before


def test_a_gold_column_and_a_replay_above_the_limit_are_refused_too(plant):
    override_phone_grade(str(plant.root), "wang")
    grade_all(plant.settings)
    limit(plant, "general")
    with pytest.raises(ProtectionError, match=r"caller \(important\)"):
        curate_dataset(plant.settings, "press_hourly")
    with pytest.raises(ProtectionError, match="tel"):
        replay_rows(plant.settings, "press_line", Selection(rows=((1, 3),)), Signature("wang", None, None))


def test_what_lies_in_the_lake_above_the_limit_is_served_to_nobody(plant):
    override_phone_grade(str(plant.root), "wang")
    limit(plant, "general")
    found = explain_policy(plant.settings, "silver.press_line.tel", "steward")
    assert (found.action, found.rule) == ("deny", None)
    with open_connection(plant.settings, "steward") as con:
        assert "tel" not in con.sql("SELECT * FROM silver.press_line").columns


def test_a_contract_that_names_a_grade_is_refused_before_its_first_batch(tmp_path):
    plant = make_plant(tmp_path)
    plant.contract(columns=CLASSIFIED)
    limit(plant, "general")
    plant.drop("a.csv", "M1,2026-03-01T06:00:00Z,20.5,13800000001", header=HEADER)
    with pytest.raises(ProtectionError, match=r"tel \(important\)"):
        ingest_dataset(plant.settings, "press_line")
    assert state(plant) == ({}, set())


def test_at_the_limit_and_without_one_everything_runs(plant):
    override_phone_grade(str(plant.root), "wang")
    limit(plant, "important")
    drop_hour(plant, 2, 3)
    assert ingest_dataset(plant.settings, "press_line").batches == 1


def test_a_grade_that_there_is_not_is_named_with_those_that_there_are(plant):
    limit(plant, "secret")
    with pytest.raises(SettingsError, match="core, important, general"):
        ingest_dataset(plant.settings, "press_line")


def test_the_project_and_grading_know_the_same_grades():
    from lakeward.contracts.project_keys import GRADE_NAMES

    assert tuple(Grade) == GRADE_NAMES
