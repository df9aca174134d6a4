"""A small plant with a gold dataset made of a sensitive column, for tests of grades that travel."""

from pathlib import Path

from lakeward.flows import curate_dataset, grade_all, ingest_dataset
from support.plant import Plant, make_plant

GOLD_CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press_hourly
name: press_hourly
version: 1.0.0
status: active
team: {name: quality}
schema:
  - name: press_hourly
    logicalType: object
    properties:
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: readings, logicalType: integer, physicalType: bigint}
      - {name: caller, logicalType: string, physicalType: string}
      - {name: mean_degc, logicalType: number, physicalType: double}
customProperties:
  - property: model
    value: {sql: models/press_hourly.sql, inputs: [silver.press_line], window: hour_start, grain: hour, timezone: UTC, times: {silver.press_line: ts}}
  - {property: timeColumn, value: hour_start}
  - {property: dataClass, value: production}
"""
GOLD_SQL = """\
SELECT date_trunc('hour', ts) AS hour_start, count(*) AS readings, left(max(tel), 3) || '****' AS caller, avg(temp_degc) AS mean_degc
FROM silver.press_line GROUP BY 1
"""
TRANSFORMS = """\
transforms:
  prefix:
    version: 1.0.0
    kind: generalise
    column: press_hourly.caller
    why: Three digits name an operator, not a person.
    quasi_identifiers: [caller]
    count: readings
    k: 4
"""
PHONE = "      - {name: tel, physicalName: Tel, logicalType: string, physicalType: string}\n"
HEADER = "Machine,Time,Temp,Tel"


def drop_hour(plant: Plant, hour: int, rows: int) -> None:
    """Drop a file with so many readings in one hour, each with a phone number."""
    lines = [f"M1,2026-03-01T{hour:02d}:{n:02d}:00Z,20.5,138{7919 * (60 * hour + n + 1) % 10**8:08d}" for n in range(rows)]
    plant.drop(f"h{hour}.csv", *lines, header=HEADER)


def run_plant(plant: Plant) -> tuple[str, ...]:
    """Run both datasets; the codes of the gold run's warnings."""
    ingest_dataset(plant.settings, "press_line")
    return tuple(code for code, _ in curate_dataset(plant.settings, "press_hourly").warnings)


def make_graded_plant(root: Path) -> None:
    """One hour of six readings, curated and graded, with a transform that is not used yet."""
    plant = make_plant(root)
    plant.contract(columns=PHONE)
    gold = plant.root / "expectations" / "datasets" / "press_hourly"
    (gold / "models").mkdir(parents=True)
    (gold / "contract.odcs.yaml").write_text(GOLD_CONTRACT)
    (gold / "models" / "press_hourly.sql").write_text(GOLD_SQL)
    transforms_file(plant).parent.mkdir(exist_ok=True)
    transforms_file(plant).write_text(TRANSFORMS)
    drop_hour(plant, 1, 6)
    run_plant(plant)
    grade_all(plant.settings)


def transforms_file(plant: Plant) -> Path:
    return plant.root / "expectations" / "policies" / "transforms.yaml"
