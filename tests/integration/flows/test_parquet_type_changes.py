"""Parquet files whose columns change their type from one day to the next: what fits is kept, what does not is a reject."""

from pathlib import Path

import duckdb
import pytest

from lakeward.flows import ingest_dataset, list_tables, show_quarantine
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, make_plant


def make_first_day(root: Path) -> None:
    plant = make_plant(root)
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace('pattern: "*.csv", format: csv', 'pattern: "*.parquet", format: parquet'))
    drop(plant, "a", "'M1'", "20.5::DOUBLE")
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_first_day, tmp_path / "plant"))


def drop(plant: Plant, name: str, *readings: str) -> None:
    machine, *temps = readings
    file = plant.root / "inbox" / "press_line" / f"{name}.parquet"
    time = "TIMESTAMPTZ '2026-03-01 06:00:00Z' + i * INTERVAL 1 MINUTE"
    rows = f"SELECT {machine} AS Machine, unnest([{', '.join(temps)}]) AS Temp, unnest(range({len(temps)})) AS i"
    duckdb.sql(f"COPY (SELECT Machine, {time} AS Time, Temp FROM ({rows})) TO '{file}'")


def temps(plant: Plant) -> list[float]:
    with open_workspace(plant.settings).engine() as engine:
        return [row["temp_degc"] for row in engine.fetch("SELECT temp_degc FROM silver.press_line ORDER BY temp_degc")]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("given", ["22::INTEGER", "22::BIGINT", "22::FLOAT", "22.00::DECIMAL(6,2)"])
def test_a_number_of_another_type_is_kept_where_it_fits(plant: Plant, given: str) -> None:
    drop(plant, "b", "'M2'", given)

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.bronze, report.counts.rejects) == (1, 0)
    assert temps(plant) == [20.5, 22.0]


def test_what_does_not_fit_is_a_reject_with_its_place_and_the_types(plant: Plant) -> None:
    drop(plant, "b", "'M2'", "'21.5'", "'warm'", "'23.5'")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.rows_in, report.counts.bronze, report.counts.rejects) == (3, 2, 1)
    assert temps(plant) == [20.5, 21.5, 23.5]
    reject = show_quarantine(plant.settings, "press_line", 9)[0]
    assert (reject.file, reject.row, reject.reasons) == ("b.parquet", 2, ("reject_other_type",))
    assert reject.detail == "Temp: expected DOUBLE, found VARCHAR"


def test_a_whole_number_too_large_for_the_table_is_not_rounded(plant: Plant) -> None:
    drop(plant, "b", "'M2'", "9007199254740993::BIGINT")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.bronze, report.counts.rejects) == (0, 1)


def test_a_second_run_commits_to_no_table(plant: Plant) -> None:
    drop(plant, "b", "7::INTEGER", "21::INTEGER", "22::INTEGER")
    ingest_dataset(plant.settings, "press_line")
    before = list_tables(plant.settings)

    assert ingest_dataset(plant.settings, "press_line").batches == 0
    assert list_tables(plant.settings) == before
