"""Estates: projects of many small datasets, one of them gold where asked. `python -m tests.support.estates FOLDER 300` makes one by hand."""

import json
import sys
from pathlib import Path

from lakeward.flows import create_project

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.0.0
status: active
domain: production
description: {{purpose: Readings of line {name}}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: ts, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}}
      - {{name: temperature, logicalType: number, physicalType: double, classification: general}}
      - {{name: pressure, logicalType: number, physicalType: double}}
      - {{name: state, logicalType: string, physicalType: string}}
      - {{name: pieces, logicalType: integer, physicalType: bigint}}
customProperties:
  - property: source
    value: {{path: inbox/{name}, pattern: "*.csv", format: csv, encoding: utf-8, timezone: Asia/Shanghai}}
  - {{property: timeColumn, value: ts}}
  - {{property: series, value: [machine]}}
  - {{property: dataClass, value: production}}
"""
HEADER = "machine,ts,temperature,pressure,state,pieces"
# Type of an expectation, its arguments, its severity.
RULES = (
    ("expect_column_values_to_be_between", {"column": "temperature", "min_value": -50, "max_value": 200}, "quarantine"),
    ("expect_column_values_to_be_between", {"column": "pressure", "min_value": 0, "max_value": 40}, "quarantine"),
    ("expect_column_values_to_be_in_set", {"column": "state", "value_set": ["run", "idle", "stop"]}, "warn"),
    ("expect_column_values_to_not_be_null", {"column": "pieces"}, "warn"),
    ("expect_column_mean_to_be_between", {"column": "temperature", "min_value": 0, "max_value": 100}, "warn"),
    ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 1_000_000}, "warn"),
)


def make_estate(folder: Path, datasets: int, rows: int = 200) -> Path:
    """A project with `datasets` datasets `line_0000`, `line_0001`, …, each with one file of `rows` rows in its drop folder.

    Args:
        folder: Folder to create.
    """
    root = create_project(folder)
    for number in range(datasets):
        name = f"line_{number:04}"
        home = root / "expectations" / "datasets" / name
        home.mkdir(parents=True)
        (home / "contract.odcs.yaml").write_text(CONTRACT.format(name=name), encoding="utf-8")
        (home / "suite.json").write_text(suite(name), encoding="utf-8")
        deliver(root, name, 0, rows)
    return root


def suite(name: str) -> str:
    """The suite of a dataset of an estate."""
    expectations = [
        {"type": kind, "kwargs": kwargs, "meta": {"lakeward": {"id": f"rule_{at}", "severity": severity}}}
        for at, (kind, kwargs, severity) in enumerate(RULES)
    ]
    return json.dumps({"name": name, "expectations": expectations, "meta": {"great_expectations_version": "1.24.1"}})


def deliver(root: Path, name: str, day: int, rows: int = 200) -> Path:
    """Drop the file of a day, from 0, of up to 1,440 rows a minute apart: one in a hundred is too hot for its rule."""
    file = root / "inbox" / name / f"day_{day:03}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join((HEADER, *(line(day, at) for at in range(rows)))) + "\n", encoding="utf-8")
    return file


def line(day: int, at: int) -> str:
    """One row of a file."""
    time = f"2026-{1 + day // 28:02}-{1 + day % 28:02} {at // 60:02}:{at % 60:02}:00"
    temperature = 500 if at % 100 == 99 else 20 + at % 50
    return f"M{at % 4},{time},{temperature},{at % 30}.5,{('run', 'idle', 'stop')[at % 3]},{at}"


if __name__ == "__main__":
    make_estate(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 200)
