"""A plant with personal, important and core data, received, judged and graded; with values that may reach no reader of a role below.

`CANARIES` are the planted values by column. An analyst sees none of them in clear; a steward all but `formula`.
"""

import json
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import create_project, decide_grade, grade_all, run_all
from lakeward.flows.grading.choices import GradeChoice

ROWS = 24
NAME = "visits"
# Columns, with the grade and category that a person gave them.
GRADED = {
    "visitor": ("general", "personal.name"),
    "phone": ("general", "personal.phone"),
    "id_number": ("important", "personal.resident_id"),
    "cost": ("important", "none"),
    "formula": ("core", "process.recipe"),
}
_CJK = "伟敏静强磊洋艳勇军杰娟涛明超秀霞平刚桂芳燕玲丹鹏"
CANARIES: dict[str, list[str]] = {
    "visitor": [f"欧阳{_CJK[i]}{_CJK[-1 - i]}" for i in range(ROWS)],
    "phone": [f"1990{7310000 + 137 * i}" for i in range(ROWS)],
    "id_number": [f"99000019{80 + i % 20}0101{7000 + 13 * i}" for i in range(ROWS)],
    "cost": [f"{73000 + 37 * i}.{25 + i}" for i in range(ROWS)],
    "formula": [f"quartz-{5200 + i}-melt" for i in range(ROWS)],
}
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:visits
name: visits
version: 1.0.0
status: active
domain: maintenance
description: {purpose: visits of service people}
team: {name: maintenance, members: [{username: wang.fang, role: owner}]}
schema:
  - name: visits
    logicalType: object
    properties:
      - {name: visit, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: machine, logicalType: string, physicalType: string}
      - {name: visitor, logicalType: string, physicalType: string}
      - {name: phone, logicalType: string, physicalType: string}
      - {name: id_number, logicalType: string, physicalType: string}
      - {name: cost, logicalType: number, physicalType: double}
      - {name: formula, logicalType: string, physicalType: string}
      - {name: minutes, logicalType: integer, physicalType: bigint}
customProperties:
  - {property: source, value: {path: inbox/visits, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}
  - {property: dataClass, value: maintenance}
"""
SUITE = {
    "name": NAME,
    "expectations": [
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "phone", "regex": "^199"},
            "meta": {"lakeward": {"id": "phone_form", "severity": "warn"}},
        },
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "minutes", "min_value": 0, "max_value": 100},
            "meta": {"lakeward": {"id": "minutes_range", "severity": "quarantine"}},
        },
    ],
}


def row(number: int) -> list[str]:
    """One received record; every twelfth visit is too long and is quarantined."""
    own = [CANARIES[name][number] for name in GRADED]
    minutes = 500 if number % 12 == 5 else 10 + number
    return [f"V{number}", f"M{number % 3}", *own, str(minutes)]


def make_canary_lake(root: Path) -> Settings:
    """The project, after one run and after its columns were graded."""
    create_project(root)
    folder = root / "expectations" / "datasets" / NAME
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "suite.json").write_text(json.dumps(SUITE), encoding="utf-8")
    inbox = root / "inbox" / NAME
    inbox.mkdir(parents=True)
    lines = [["visit", "machine", *GRADED, "minutes"], *map(row, range(ROWS))]
    (inbox / "a.csv").write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
    settings = Settings(start=root)
    run_all(settings)
    grade_all(settings)
    for column, (grade, category) in GRADED.items():
        choice = GradeChoice("wang.fang", "canary", grade=grade, level=4 if grade == "general" else None, category=category)
        decide_grade(settings, f"{NAME}.{column}", choice)
    return settings


def canaries_in(text: str, names: tuple[str, ...] = tuple(CANARIES)) -> list[str]:
    """The planted values that stand in `text`."""
    return [value for name in names for value in CANARIES[name] if value in text]
