"""Gold: new silver recomputes the windows it touches, and only these; a changed model computes all of it."""

import json
from pathlib import Path

import pytest

from lakeward.flows import curate_dataset, ingest_dataset, list_tables, rebuild
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, make_plant

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:temp_hourly
name: temp_hourly
version: 1.0.0
status: active
domain: production
description: {purpose: mean temperature per machine and hour}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: temp_hourly
    logicalType: object
    properties:
      - {name: machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: readings, logicalType: integer, physicalType: bigint}
      - {name: mean_degc, logicalType: number, physicalType: double}
customProperties:
  - property: model
    value: {sql: models/temp_hourly.sql, inputs: [silver.press_line], window: hour_start, grain: hour,
            timezone: Asia/Shanghai, times: {silver.press_line: ts}}
  - {property: timeColumn, value: hour_start}
  - {property: dataClass, value: production}
"""
MODEL = """\
SELECT machine, date_trunc('hour', ts) AS hour_start, count(*) AS readings, round(avg(temp_degc), 4) AS mean_degc
FROM silver.press_line GROUP BY machine, date_trunc('hour', ts)
"""


def at(hour: int, minute: int, temp: float) -> str:
    return csv_line("M1", minute, temp).replace("T06", f"T{hour:02d}")


def make_hours(root: Path) -> None:
    plant = make_plant(root)
    folder = plant.dataset.parent / "temp_hourly"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    (folder / "models" / "temp_hourly.sql").write_text(MODEL)
    plant.drop("a.csv", at(6, 0, 10), at(6, 30, 20), at(7, 0, 30))
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_hours, tmp_path / "plant"))


def gold(plant: Plant) -> list[tuple[int, int, float, int]]:
    """Hour, readings, mean, and the curation that wrote the row."""
    with open_workspace(plant.settings).engine() as engine:
        rows = engine.fetch("SELECT * FROM gold.temp_hourly ORDER BY hour_start")
    return [(row["hour_start"].hour, row["readings"], row["mean_degc"], row["_batch_seq"]) for row in rows]


def test_every_window_is_there_after_the_first_run(plant: Plant) -> None:
    assert gold(plant) == [(6, 2, 15.0, 1), (7, 1, 30.0, 1)]


def test_new_rows_recompute_only_the_windows_they_touch(plant: Plant) -> None:
    plant.drop("b.csv", at(7, 30, 40), at(8, 0, 50))
    ingest_dataset(plant.settings, "press_line")

    report = curate_dataset(plant.settings, "temp_hourly")

    assert report.counts.silver == 2
    assert gold(plant) == [(6, 2, 15.0, 1), (7, 2, 35.0, 2), (8, 1, 50.0, 2)]


@pytest.mark.exhaustive
def test_a_correction_recomputes_its_window(plant: Plant) -> None:
    plant.drop("b.csv", at(6, 0, 12))
    ingest_dataset(plant.settings, "press_line")

    curate_dataset(plant.settings, "temp_hourly")

    assert gold(plant) == [(6, 2, 16.0, 2), (7, 1, 30.0, 1)]


def test_a_correction_that_moved_a_row_recomputes_the_window_it_left(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "moved")
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace(", primaryKey: true, primaryKeyPosition: 2", ""))
    folder = plant.dataset.parent / "temp_hourly"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    (folder / "models" / "temp_hourly.sql").write_text(MODEL)
    for name, row in (("a.csv", at(6, 0, 10)), ("b.csv", at(9, 0, 10))):
        plant.drop(name, row)
        ingest_dataset(plant.settings, "press_line")
        curate_dataset(plant.settings, "temp_hourly")

    assert gold(plant) == [(9, 1, 10.0, 2)]


def test_a_run_without_new_silver_commits_to_no_table(plant: Plant) -> None:
    before = list_tables(plant.settings)

    report = curate_dataset(plant.settings, "temp_hourly")

    assert (report.batches, list_tables(plant.settings)) == (0, before)


def test_a_changed_model_computes_all_windows_again(plant: Plant) -> None:
    (plant.dataset.parent / "temp_hourly" / "models" / "temp_hourly.sql").write_text(MODEL.replace("avg", "max"))

    curate_dataset(plant.settings, "temp_hourly")

    assert [row[2] for row in gold(plant)] == [20.0, 30.0]


def test_a_rebuilt_input_computes_all_windows_again(plant: Plant) -> None:
    plant.suite({"name": "press_line", "expectations": []})
    rebuild(plant.settings, "press_line")

    report = curate_dataset(plant.settings, "temp_hourly")

    assert report.counts.silver == 2


def test_rebuild_makes_gold_anew(plant: Plant) -> None:
    report = rebuild(plant.settings, "temp_hourly")

    assert (report.batches, report.counts.silver) == (1, 2)


def test_gold_waits_for_an_input_that_has_no_table_yet_and_says_so(plant: Plant) -> None:
    folder = plant.dataset.parent / "temp_hourly"
    contract = folder / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("inputs: [silver.press_line]", "inputs: [silver.press_line, silver.halls]"))
    halls = plant.dataset.parent / "halls"
    halls.mkdir()
    text = (plant.dataset / "contract.odcs.yaml").read_text()
    (halls / "contract.odcs.yaml").write_text(text.replace("press_line", "halls"))

    report = curate_dataset(plant.settings, "temp_hourly")

    assert (report.batches, report.warnings) == (0, (("input_missing", {"table": "silver.halls"}),))


def test_a_halting_rule_keeps_gold_as_it_is(plant: Plant) -> None:
    rule = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "mean_degc", "max_value": 100}}
    suite = {"name": "temp_hourly", "expectations": [{**rule, "meta": {"lakeward": {"severity": "halt"}}}]}
    (plant.dataset.parent / "temp_hourly" / "suite.json").write_text(json.dumps(suite))
    curate_dataset(plant.settings, "temp_hourly")
    before = gold(plant)
    plant.drop("hot.csv", at(7, 1, 199))
    ingest_dataset(plant.settings, "press_line")
    assert curate_dataset(plant.settings, "temp_hourly").halted == 3
    assert gold(plant) == before
