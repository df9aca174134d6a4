"""A small project for tests: one telemetry dataset with a key, a suite, and files to drop; and runs in other processes."""

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.settings import Settings
from lakeward.flows import create_project, ingest_dataset
from lakeward.flows.base.batch_context import BatchStep

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press_line
name: press_line
version: {version}
status: active
domain: production
description: {{purpose: readings of one press}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: press_line
    logicalType: object
    properties:
      - {{name: machine, physicalName: Machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: ts, physicalName: Time, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}}
      - name: temp_degc
        physicalName: Temp
        logicalType: number
        physicalType: double
        customProperties: [{{property: unit, value: Cel}}]
{columns}customProperties:
  - property: source
    value: {{path: inbox/press_line, pattern: "*.csv", format: csv, encoding: utf-8, timezone: Asia/Shanghai}}
  - {{property: timeColumn, value: ts}}
  - {{property: series, value: [machine]}}
  - {{property: dataClass, value: production}}
  - {{property: limits, value: {{replacedShare: 1.0}}}}
"""
SUITE = {
    "name": "press_line",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "temp_degc", "min_value": -50, "max_value": 200},
            "meta": {"lakeward": {"id": "temp_in_range", "severity": "quarantine"}},
        }
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}
HEADER = "Machine,Time,Temp"


@dataclass(frozen=True)
class Plant:
    """A project on disk, as a test uses it."""

    root: Path

    @property
    def settings(self) -> Settings:
        return Settings(start=self.root)

    @property
    def dataset(self) -> Path:
        return self.root / "expectations" / "datasets" / "press_line"

    def contract(self, version: str = "1.0.0", columns: str = "") -> None:
        self.dataset.mkdir(parents=True, exist_ok=True)
        (self.dataset / "contract.odcs.yaml").write_text(CONTRACT.format(version=version, columns=columns))

    def suite(self, suite: dict[str, Any]) -> None:
        (self.dataset / "suite.json").write_text(json.dumps(suite))

    def drop(self, name: str, *lines: str, header: str = HEADER) -> Path:
        file = self.root / "inbox" / "press_line" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([header, *lines]) + "\n")
        return file


def make_plant(root: Path) -> Plant:
    """A project with the dataset `press_line`, and nothing dropped yet."""
    plant = Plant(create_project(root))
    project = root / "expectations" / "project.yaml"
    project.write_text(project.read_text(encoding="utf-8") + "default_role: steward\n", encoding="utf-8")
    plant.contract()
    plant.suite(SUITE)
    (plant.root / "inbox" / "press_line").mkdir(parents=True, exist_ok=True)
    return plant


def csv_line(machine: str, minute: int, temp: object) -> str:
    return f"{machine},2026-03-01T06:{minute:02d}:00Z,{temp}"


def ingest_killed_at(root: Path, step: BatchStep) -> None:
    """Run the dataset, and kill the process at `step`."""

    def die(reached: BatchStep) -> None:
        if reached is step:
            os.kill(os.getpid(), signal.SIGKILL)

    ingest_dataset(Settings(start=root), "press_line", on_step=die)


def ingest(root: Path) -> None:
    """Run the dataset."""
    ingest_dataset(Settings(start=root), "press_line")
