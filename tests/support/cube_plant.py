"""A payroll of which readers get groups alone, for tests of cubes."""

from pathlib import Path

from lakeward.contracts.project import load_project
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows import create_project, release_cube
from lakeward.flows.serving.connection import Connection, open_connection
from lakeward.grading.grade import Grade
from support.served_lake import column_grade

NAME, TABLE, CUBE = "payroll", "silver.payroll", "cubes.payroll"
TARGET, TARGET_PAY = "P04711", 77_777.77
CUBE_TEXT = "{unit: person, dimensions: [department, hired], measures: [pay], k: 10, dominance: 0.5}"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:payroll
name: payroll
version: 1.0.0
status: active
domain: people
description: {{purpose: pay of people}}
team: {{name: people, members: [{{username: wang.fang, role: owner}}]}}
schema:
  - name: payroll
    logicalType: object
    properties:
      - {{name: person, logicalType: string}}
      - {{name: department, logicalType: string}}
      - {{name: hired, logicalType: date, customProperties: [{{property: band, value: year}}]}}
      - {{name: pay, logicalType: number}}
      - {{name: machine, logicalType: string}}
customProperties:
  - {{property: source, value: {{path: inbox/payroll, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}}}
  - {{property: dataClass, value: people}}
  - {{property: cube, value: {cube}}}
"""
POLICY = """\
format: 2
version: 1.0.0
ask: data-steward
roles:
  analyst: {en: Analyst, zh: 数据分析师}
  steward: {en: Data steward, zh: 数据管理员}
  intern: {en: Intern, zh: 实习生}
categories: {none: plain, personal.phone: phone}
rules:
  - {id: steward, why: She confirms grades., roles: [steward], grades: [general, important], categories: ["*"], action: clear}
  - {id: groups, why: Pay is read in groups., roles: [analyst], grades: [important], categories: ["*"], action: aggregate}
  - {id: open, why: General data are open., roles: [analyst], grades: [general], categories: [none], action: clear}
"""
GRADES = {
    "person": (Grade.IMPORTANT, None),
    "department": (Grade.IMPORTANT, None),
    "hired": (Grade.IMPORTANT, None),
    "pay": (Grade.IMPORTANT, None),
    "machine": (Grade.GENERAL, None),
}
# Five departments of a thousand, hired in five years; the target among them.
PEOPLE = f"""
  SELECT printf('P%05d', i) AS person, 'D' || (i % 5) AS department, DATE '2020-03-01' + (365 * ((i // 5) % 5))::INTEGER AS hired,
    CASE WHEN printf('P%05d', i) = '{TARGET}' THEN {TARGET_PAY} ELSE 5000 + (hash(i) % 1000000) / 100.0 END AS pay, 'M' || (i % 3) AS machine
  FROM range(5001) AS people(i)
"""


def grades_of(_, contract):
    """Grades of the payroll."""
    return {name: column_grade(*what) for name, what in GRADES.items()} if contract.name == NAME else {}


def make_plant(root: Path, people: str = PEOPLE, cube: str = CUBE_TEXT) -> Settings:
    """The project with these people, before a release."""
    create_project(root)
    write_contract(root, cube)
    (root / "expectations" / "policies").mkdir(exist_ok=True)
    (root / "expectations" / "policies" / "serving.yaml").write_text(POLICY, encoding="utf-8")
    settings = Settings(start=root)
    add_people(settings, people, 1)
    return settings


def write_contract(root: Path, cube: str = CUBE_TEXT) -> None:
    """The contract with this cube."""
    folder = root / "expectations" / "datasets" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT.format(cube=cube), encoding="utf-8")


def add_people(settings: Settings, query: str, batch: int) -> None:
    """Append people."""
    _write(settings, query, batch, None)


def change_people(settings: Settings, condition: str, query: str, batch: int) -> None:
    """Replace the people of a condition by those of a query."""
    _write(settings, query, batch, condition)


def analyst(settings: Settings) -> Connection:
    """The lake as an analyst has it."""
    return open_connection(settings, "analyst", grades_of)


def _write(settings: Settings, query: str, batch: int, condition: str | None) -> None:
    contract = load_project(settings.start).contract(NAME)
    spec = TableSpec(contract.table(Layer.SILVER), tuple(TableColumn(c.name, c.type) for c in contract.columns))
    query = f"SELECT person, department, hired, CAST(pay AS DOUBLE) AS pay, machine FROM ({query})"
    engine = open_engine("embedded", str(settings.start / "lake"))
    try:
        if condition is None:
            engine.append(spec, query, Txn("test", batch))
        else:
            engine.overwrite(spec, query, condition, Txn("test", batch))
    finally:
        engine.close()


def one(person, pay=50_000.0, department="D1", hired="2022-03-01"):
    return f"SELECT '{person}' AS person, '{department}' AS department, DATE '{hired}' AS hired, {pay} AS pay, 'M1' AS machine"


def many(count, front="N", pay=9_000.0):
    return f"SELECT '{front}' || i AS person, 'D1' AS department, DATE '2022-03-01' AS hired, {pay} AS pay, 'M1' AS machine FROM range({count}) AS n(i)"


def release(settings, reason="pay by group is approved", by="wang.fang", **options):
    return release_cube(settings, NAME, reason, by, grade_lookup=grades_of, **options)
