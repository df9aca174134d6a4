"""Rules that the statistics of bronze prove: the verdicts of a batch say so, and only where it is true."""

from pathlib import Path

import duckdb
import pytest

from lakeward.flows import ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, make_plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = make_plant(tmp_path / "plant")
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace('pattern: "*.csv", format: csv', 'pattern: "*.parquet", format: parquet'))
    return plant


def verdicts(plant: Plant, *temps: str) -> dict[str, tuple[str, int, int, str | None]]:
    """Drop these readings as a file, take them in; outcome, evaluated, failed and proof by rule."""
    file = plant.root / "inbox" / "press_line" / "a.parquet"
    time = "TIMESTAMPTZ '2026-03-01 06:00:00Z' + i * INTERVAL 1 MINUTE"
    rows = f"SELECT 'M1' AS Machine, unnest([{', '.join(temps)}])::DOUBLE AS Temp, unnest(range({len(temps)})) AS i"
    duckdb.sql(f"COPY (SELECT Machine, {time} AS Time, Temp FROM ({rows})) TO '{file}'")
    ingest_dataset(plant.settings, "press_line")
    with open_workspace(plant.settings).engine() as engine:
        found = engine.fetch("SELECT rule_id, outcome, evaluated, failed, proof FROM governance.verdicts")
    return {row.pop("rule_id"): tuple(row.values()) for row in found}


def test_what_statistics_prove_is_not_read_and_the_verdict_says_so(plant: Plant) -> None:
    found = verdicts(plant, "20", "NULL", "25.5")
    assert found["temp_in_range"] == ("PASS", 2, 0, "file statistics")
    assert found["required:machine"] == ("PASS", 3, 0, "file statistics")
    # What is counted of the delivery as a whole needs no reading either, and proves nothing about single rows.
    assert {rule: proof for rule, (*_, proof) in found.items() if proof != "file statistics"} == {"received:records": None}


def test_a_failing_rule_is_read(plant: Plant) -> None:
    found = verdicts(plant, "20", "NULL", "999")
    assert found["temp_in_range"] == ("FAIL", 2, 1, None)


def test_a_column_with_a_value_that_is_no_number_is_read(plant: Plant) -> None:
    found = verdicts(plant, "20", "'nan'::DOUBLE")
    assert found["temp_in_range"] == ("PASS", 1, 0, None)
    assert found["type:temp_degc"] == ("PASS", 1, 0, None)


def test_a_rule_over_no_values_stays_unknown(plant: Plant) -> None:
    assert verdicts(plant, "NULL", "NULL")["temp_in_range"] == ("UNKNOWN", 0, 0, None)
