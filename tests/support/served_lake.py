"""A small lake with personal data, and connections by role, for tests of serving."""

import os
import signal
from pathlib import Path

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows import create_project
from lakeward.flows.serving.connection import Connection, open_connection
from lakeward.grading.grade import ColumnGrade, Grade, GradeState

# Values that an analyst must never see, in no answer and in no error; all are invented.
SECRETS = (
    "19900004321",
    "19900008765",
    "990000198001010010",
    "990000197505050021",
    "张伟民",
    "李建国",
    "rotor cracked",
    "7421.55",
    "9310.25",
)
COLUMNS = {
    "order_id": "string",
    "person_name": "string",
    "phone": "string",
    "id_number": "string",
    "note": "string",
    "cost": "number",
    "opened_at": "timestamp",
    "machine": "string",
}
GRADES = {
    "order_id": (Grade.GENERAL, None),
    "person_name": (Grade.GENERAL, "personal.name"),
    "phone": (Grade.GENERAL, "personal.phone"),
    "id_number": (Grade.IMPORTANT, "personal.resident_id"),
    "cost": (Grade.IMPORTANT, None),
    "opened_at": (Grade.IMPORTANT, None),
    "machine": (Grade.GENERAL, None),
}  # `note` has no grade
ROWS = [
    ["A1", SECRETS[4], SECRETS[0], SECRETS[2], SECRETS[6], SECRETS[7], "2026-03-02T06:15:00Z", "M1"],
    ["A2", SECRETS[5], SECRETS[1], SECRETS[3], SECRETS[6], SECRETS[8], "2026-03-03T07:45:00Z", "M2"],
    ["A3", None, None, None, None, None, None, "M1"],
]
KINDS = {"string": DataType(Kind.STRING), "number": DataType(Kind.DOUBLE), "timestamp": DataType(Kind.TIMESTAMP)}
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.0.0
status: active
domain: maintenance
description: {{purpose: repairs}}
team: {{name: maintenance, members: [{{username: wang.fang, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
{columns}
customProperties:
  - {{property: source, value: {{path: inbox/{name}, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}}}
  - {{property: dataClass, value: maintenance}}
"""


def column_grade(grade: Grade | None, category: str | None = None, state: GradeState = GradeState.PROVISIONAL) -> ColumnGrade:
    """A grade as grading would hand it on."""
    return ColumnGrade(
        grade=grade,
        level=None,
        category=category,
        state=state,
        detector=None,
        ratio=None,
        sample=None,
        rule_version="1",
        catalogue="test",
        why="-",
    )


def grades_of(_, contract):
    """Grades of `orders`; nothing is known of other datasets."""
    return {name: column_grade(*what) for name, what in GRADES.items()} if contract.name == "orders" else {}


def make_lake(root: Path) -> Settings:
    """A project with the datasets `orders` and `drafts` (ungraded), and tables of every layer."""
    create_project(root)
    for name in ("orders", "drafts"):
        lines = "\n".join(f"      - {{name: {c}, logicalType: {kind}}}" for c, kind in COLUMNS.items())
        folder = root / "expectations" / "datasets" / name
        folder.mkdir(parents=True)
        (folder / "contract.odcs.yaml").write_text(CONTRACT.format(name=name, columns=lines), encoding="utf-8")
    settings = Settings(start=root)
    engine = open_engine("embedded", str(root / "lake"))
    types = {name: KINDS[kind] for name, kind in COLUMNS.items()}
    texts = engine.literal_rows({name: DataType(Kind.STRING) for name in COLUMNS}, ROWS)
    query = f"SELECT * REPLACE (CAST(cost AS DOUBLE) AS cost, CAST(opened_at AS TIMESTAMPTZ) AS opened_at) FROM ({texts})"
    for layer, name in [
        (Layer.SILVER, "orders"),
        (Layer.BRONZE, "orders"),
        (Layer.QUARANTINE, "orders"),
        (Layer.SILVER, "drafts"),
    ]:
        spec = TableSpec(TableName(layer, name), tuple(TableColumn(c, type_) for c, type_ in types.items()))
        engine.append(spec, query, Txn("test", 1))
    engine.close()
    (root / "lake" / "secret.csv").write_text(f"phone\n{SECRETS[0]}\n", encoding="utf-8")
    return settings


def key_file(folder: Path, mode: int = 0o600) -> Path:
    """A key of tokens outside the lake."""
    file = folder / "token.key"
    file.write_text("0123456789abcdef" * 4, encoding="ascii")
    file.chmod(mode)
    return file


def connect_as(settings: Settings, role: str = "analyst") -> Connection:
    """The lake as `role` has it."""
    return open_connection(settings, role, grades_of)


def query_and_die(start: Path) -> None:
    """Ask once, and die without closing the connection."""
    con = connect_as(Settings(start=start))
    con.sql("from silver.orders").fetchall()
    os.kill(os.getpid(), signal.SIGKILL)
