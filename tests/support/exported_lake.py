"""A plant whose contract states the accuracy of two readings, with parties and purposes, for tests of exports."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.project import load_project
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows import create_project
from lakeward.grading.grade import Grade
from lakeward.protection.keys import Scheme, key_text
from support.served_lake import column_grade

NAME = "sensors"
TABLE = f"silver.{NAME}"
SECRET_NAME, SECRET_NOTE = "欧阳伟民", "rotor cracked at 7421"
POLICY = """\
format: 2
version: 2.1.0
ask: data-steward
roles:
  steward: {en: Data steward, zh: 数据管理员}
  engineer: {en: Data engineer, zh: 数据工程师}
  partner: {en: Partner, zh: 合作方}
purposes:
  warranty: {en: Warranty, zh: 质保}
  recall: {en: Recall, zh: 召回, approval: [steward]}
parties:
  acme: {en: Acme, zh: 艾克米}
  bolt: {en: Bolt, zh: 博特}
categories: {none: plain, personal.name: name}
limits:
  - {id: core-stays, why: Core data stay inside., roles: ["*"], grades: [core], categories: ["*"], action: deny}
rules:
  - {id: names-in-part, why: People are shown in part., roles: ["*"], parties: ["*"], grades: [general], categories: [personal.name], action: mask}
  - {id: steward-decides, why: She confirms grades., roles: [steward], grades: [general, important], categories: ["*"], action: clear}
  - {id: partners-in-bands, why: Important data in bands., roles: [partner], parties: [own, acme, bolt], purposes: [warranty], grades: [important], categories: [none], action: generalise}
  - {id: general-open, why: General data are open., roles: ["*"], parties: [own, acme, bolt], grades: [general], categories: [none], action: clear}
"""
CONTRACT = f"""\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{NAME}
name: {NAME}
version: 1.2.0
status: active
domain: production
description: {{purpose: readings of presses}}
team: {{name: production, members: [{{username: wang.fang, role: owner}}]}}
schema:
  - name: {NAME}
    logicalType: object
    properties:
      - {{name: machine, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: ts, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}}
      - {{name: temp, logicalType: number, customProperties: [{{property: unit, value: Cel}}, {{property: accuracy, value: 0.05}}, {{property: resolution, value: 0.01}}]}}
      - {{name: force, logicalType: number, physicalType: "decimal(9,2)", customProperties: [{{property: accuracy, value: 0.8}}, {{property: resolution, value: 0.1}}]}}
      - {{name: cycles, logicalType: integer}}
      - {{name: cost, logicalType: number, customProperties: [{{property: band, value: 50}}]}}
      - {{name: operator, logicalType: string}}
      - {{name: recipe, logicalType: string}}
      - {{name: note, logicalType: string}}
customProperties:
  - {{property: source, value: {{path: inbox/{NAME}, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}}}
  - {{property: dataClass, value: production}}
  - {{property: timeColumn, value: ts}}
  - {{property: series, value: [machine]}}
"""
GRADES = {
    **dict.fromkeys(("machine", "ts", "temp", "force", "cycles"), (Grade.GENERAL, None)),
    "cost": (Grade.IMPORTANT, None),
    "operator": (Grade.GENERAL, "personal.name"),
    "recipe": (Grade.CORE, None),
}  # `note` has no grade
KEY = key_text(bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), Scheme.CMAC)
# Ten presses, a reading a minute; every hundredth minutes stand still, and every fiftieth reading is 0.
ROWS = """
  SELECT 'M' || m AS machine, TIMESTAMPTZ '2026-03-02 00:00:00Z' + to_minutes(CAST(i AS INTEGER)) AS ts,
    CASE WHEN i % 50 = 0 THEN 0.0 WHEN i % 100 BETWEEN 10 AND 19 THEN 21.5
      ELSE round(40 + 5 * sin(i / 60.0 + m) + (hash(m, i) % 200) / 100.0, 2) END AS temp,
    CAST(round(100 + (hash(i, m) % 900) / 10.0, 1) AS DECIMAL(9,2)) AS force,
    CAST(i AS BIGINT) AS cycles, CAST(1000 + i AS DOUBLE) AS cost, '{name}' AS operator, 'quartz-' || i AS recipe, '{note}' AS note
  FROM range(10) AS machines(m), range({minutes}) AS minutes(i)
"""


def grades_of(_, contract):
    """Grades of the readings."""
    return {name: column_grade(*what) for name, what in GRADES.items()} if contract.name == NAME else {}


def make_lake(root: Path, minutes: int = 400, *, key: bool = True) -> Settings:
    """The project, with ten times so many rows."""
    create_project(root)
    folder = root / "expectations" / "datasets" / NAME
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    (root / "expectations" / "policies").mkdir(parents=True, exist_ok=True)
    (root / "expectations" / "policies" / "serving.yaml").write_text(POLICY, encoding="utf-8")
    append_rows(root, ROWS.format(name=SECRET_NAME, note=SECRET_NOTE, minutes=minutes))
    settings = Settings(start=root)
    if not key:
        return settings
    file = root.parent / f"{root.name}.key"
    file.write_text(KEY, encoding="ascii")
    file.chmod(0o600)
    return replace(settings, token_key_file=file)


def append_rows(root: Path, query: str, batch: int = 1) -> None:
    """Append rows to the table, as a run would."""
    _write(root, lambda engine, spec: engine.append(spec, query, Txn("test", batch)))


def rewrite_rows(root: Path) -> None:
    """Write all rows of the table again, into other files."""
    _write(root, lambda engine, spec: engine.overwrite(spec, f"SELECT * FROM {TABLE}", "true", Txn("rewrite", 1)))


def _write(root: Path, write: Callable[[Engine, TableSpec], object]) -> None:
    contract = load_project(root).contract(NAME)
    spec = TableSpec(contract.table(Layer.SILVER), tuple(TableColumn(c.name, c.type) for c in contract.columns))
    with closing(open_engine("embedded", str(root / "lake"))) as engine:
        assert write(engine, spec)
