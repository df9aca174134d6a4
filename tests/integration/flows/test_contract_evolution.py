"""A contract on its second day: additive in place, breaking refused until the major version rises and a rebuild."""

from pathlib import Path

import pytest

from lakeward.core.errors import ContractError
from lakeward.flows import ingest_dataset, rebuild_silver
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, make_plant

HALL = "      - {name: hall, physicalName: Hall, logicalType: string, physicalType: string}\n"
HALL_REQUIRED = HALL.replace("string}", "string, required: true}")


def make_first_day(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", "M1,2026-03-01T06:00:00Z,20.5,north", header="Machine,Time,Temp,Hall")
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_first_day, tmp_path / "plant"))


def halls(plant: Plant) -> list[object]:
    with open_workspace(plant.settings).engine() as engine:
        return [row["hall"] for row in engine.fetch("SELECT hall FROM silver.press_line ORDER BY ts")]


def test_a_new_nullable_column_is_there_with_the_next_batch(plant: Plant) -> None:
    plant.contract("1.1.0", HALL)
    plant.drop("b.csv", "M1,2026-03-01T06:01:00Z,20.6,south", header="Machine,Time,Temp,Hall")

    ingest_dataset(plant.settings, "press_line")

    assert halls(plant) == [None, "south"]


def test_a_breaking_change_is_refused_and_names_the_way_out(plant: Plant) -> None:
    plant.contract("1.1.0", HALL_REQUIRED)

    with pytest.raises(ContractError) as refused:
        ingest_dataset(plant.settings, "press_line")

    assert "major" in str(refused.value)
    assert "lakeward rebuild press_line" in str(refused.value)


def test_after_the_major_version_rose_a_rebuild_finds_the_new_column_in_bronze(plant: Plant) -> None:
    plant.contract("2.0.0", HALL_REQUIRED)

    report = rebuild_silver(plant.settings, "press_line")

    assert (report.counts.bronze, report.counts.silver, report.counts.quarantine) == (1, 1, 0)
    assert halls(plant) == ["north"]


def test_a_rebuild_does_not_let_a_breaking_change_pass_without_a_new_major_version(plant: Plant) -> None:
    plant.contract("1.1.0", HALL_REQUIRED)

    with pytest.raises(ContractError, match=r"2\.0\.0"):
        rebuild_silver(plant.settings, "press_line")


def test_a_renamed_column_keeps_its_values_through_a_rebuild(plant: Plant) -> None:
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("name: temp_degc", "name: temperature_degc").replace("1.0.0", "2.0.0"))
    plant.suite({"name": "press_line", "expectations": []})

    rebuild_silver(plant.settings, "press_line")

    with open_workspace(plant.settings).engine() as engine:
        assert [row["temperature_degc"] for row in engine.fetch("SELECT * FROM silver.press_line")] == [20.5]
