"""A plant with one gold dataset: the mean temperature of each press and hour."""

from pathlib import Path

from lakeward.flows import curate_dataset, ingest_dataset
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
team: {name: plant-data, members: [{username: wang.fang, role: owner}]}
schema:
  - name: temp_hourly
    logicalType: object
    properties:
      - {name: machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: mean_temp, logicalType: number, physicalType: double}
      - {name: readings, logicalType: integer, physicalType: bigint}
customProperties:
  - property: model
    value: {sql: models/temp_hourly.sql, inputs: [silver.press_line], window: start, grain: hour,
            timezone: Asia/Shanghai, times: {silver.press_line: ts}}
  - {property: timeColumn, value: start}
  - {property: dataClass, value: production}
"""
MODEL = """\
SELECT machine, date_trunc('hour', ts) AS start, avg(temp_degc) AS mean_temp, count(*) AS readings
FROM silver.press_line GROUP BY ALL
"""


def make_gold_plant(root: Path, model: str = MODEL) -> Plant:
    """The project, with nothing dropped yet."""
    plant = make_plant(root)
    folder = plant.dataset.parent / "temp_hourly"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "models" / "temp_hourly.sql").write_text(model, encoding="utf-8")
    return plant


def run_gold(plant: Plant) -> None:
    """Take what was dropped to gold."""
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")


def make_day(root: Path) -> Plant:
    """Two presses and four good readings, run."""
    plant = make_gold_plant(root)
    lines = (csv_line("M1", 0, 20), csv_line("M1", 1, 40), csv_line("M2", 0, 50), csv_line("M2", 1, 70))
    plant.drop("day.csv", *lines)
    run_gold(plant)
    return plant
