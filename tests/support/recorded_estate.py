"""A project as it stands after long use, without its rows: contracts, and the governance tables that runs would have written.

1,000 datasets of 100 rules over 10 batches are 1 M verdicts. The tables are written by the engine, from generated rows.
"""

from datetime import UTC, datetime
from pathlib import Path

from lakeward.contracts.model import Kind
from lakeward.contracts.types import sql_type
from lakeward.core.settings import Settings
from lakeward.engines.tables import Txn
from lakeward.flows import create_project
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.maturity.catalogue import default_catalogue

DOMAINS = ("production", "quality", "equipment", "energy", "logistics")
COLUMNS = 20
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.0.0
status: active
domain: {domain}
description: {{purpose: Readings of line {number}}}
team: {{name: plant-data, members: [{{username: owner.{owner}, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    businessName: Line {number} / {number} 号产线
    properties:
      - {{name: ts, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}}
{columns}customProperties:
  - property: source
    value: {{path: inbox/{name}, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}
  - {{property: timeColumn, value: ts}}
  - {{property: dataClass, value: production}}
"""
COLUMN = "      - {{name: c{0}, logicalType: number, physicalType: double, businessName: Temperature {0} / {0} 号温度}}\n"
# Columns whose value is not the default of their type, by governance table: SQL over `i` (dataset), `b` (batch) and `r` (rule or column).
NAME = "format('line_{:04}', i)"
AT = "TIMESTAMPTZ '2026-03-02 06:00:00+00' + to_days(CAST(b AS INTEGER)) + to_minutes(CAST(i % 600 AS INTEGER))"
RUN = f"{NAME} || '-' || b"
FAILED = "(i + r) % 97 = 0"
UNKNOWN = "(i + r) % 101 = 1"
DIMENSION = "list_extract(['normativity', 'completeness', 'accuracy', 'consistency', 'timeliness', 'accessibility'], 1 + r % 6)"
CELLS = {
    "verdicts": {
        "dataset": NAME, "batch_seq": "b", "generation": "1", "run_id": RUN, "rule_id": "format('rule_{:03}', r)", "rule_version": "'1'",
        "expectation": "'expect_column_values_to_be_between'", "columns": "format('[\"c{}\"]', r % 20)",
        "severity": "CASE WHEN r % 3 = 0 THEN 'quarantine' ELSE 'warn' END", "dimension": DIMENSION,
        "outcome": f"CASE WHEN {UNKNOWN} THEN 'UNKNOWN' WHEN {FAILED} THEN 'FAIL' ELSE 'PASS' END",
        "evaluated": f"CASE WHEN NOT {UNKNOWN} THEN 10000 END", "failed": f"CASE WHEN {UNKNOWN} THEN NULL WHEN {FAILED} THEN 7 ELSE 0 END",
        "judged_at": AT,
    },
    "runs": {
        "dataset": NAME, "batch_seq": "b", "generation": "1", "run_id": RUN, "batch_id": RUN, "flow": "CASE WHEN i % 10 = 9 THEN 'curate' ELSE 'ingest' END",
        "rows_in": "10000", "bronze": "9999", "rejects": "1", "silver": "9990", "quarantine": "7", "duplicates": "2", "corrections": "0",
        "score": "99.5", "coverage": "99", "failed_rules": "1", "unknown_rules": "1", "contract_version": "'1.0.0'", "engine": "'embedded'",
        "started_at": AT, "finished_at": AT,
    },
    "grade_proposals": {
        "seq": "i + 1", "dataset": NAME, "column": "format('c{}', r)", "column_type": "'double'",
        "grade": "CASE WHEN (i + r) % 50 = 0 THEN 'important' ELSE 'general' END", "level": "2", "why": "'grade_class_default'",
        "proposed_at": AT,
    },
    "lineage_edges": {
        "run_id": RUN, "dataset": NAME, "batch_seq": "b", "job": "'ingest.' || format('line_{:04}', i)", "from_column": "format('c{}', r)", "to_column": "format('c{}', r)",
        "from_table": "CASE WHEN i % 10 = 9 THEN 'silver.' || format('line_{:04}', i - 1) ELSE 'bronze.' || format('line_{:04}', i) END",
        "to_table": "CASE WHEN i % 10 = 9 THEN 'gold.' ELSE 'silver.' END || format('line_{:04}', i)", "kind": "'DIRECT/IDENTITY'",
        "observed_at": AT,
    },
    "access_log": {
        "session_id": "'s' || i", "seq": "b", "account": "'reader' || (i % 40)", "principal": "'reader' || (i % 40)",
        "role": "CASE WHEN i % 3 = 0 THEN 'cdo' ELSE 'analyst' END", "objects": "format('[\"silver.line_{:04}\"]', i)",
        "verdict": "CASE WHEN i % 20 = 0 THEN 'refused' ELSE 'allowed' END", "rows_out": "10", "asked_at": AT, "logged_at": AT,
    },
}  # fmt: skip


def make_recorded_estate(folder: Path, datasets: int, rules: int = 100, batches: int = 10) -> Settings:
    """The project and its governance tables.

    Args:
        folder: Folder to create.
    """
    root = create_project(folder)
    for number in range(datasets):
        write_contract(root, number)
    settings = Settings(start=root)
    spread = {"verdicts": rules, "runs": 1, "grade_proposals": COLUMNS, "lineage_edges": COLUMNS, "access_log": 1}
    with open_workspace(settings).engine() as engine:
        for table, inner in spread.items():
            counted = 1 if table in {"grade_proposals", "lineage_edges"} else batches
            append(engine, table, datasets, range(1, counted + 1), inner)
        append_assessment(engine)
    return settings


def write_contract(root: Path, number: int) -> None:
    name = f"line_{number:04}"
    home = root / "expectations" / "datasets" / name
    home.mkdir(parents=True)
    columns = "".join(COLUMN.format(at) for at in range(1, COLUMNS))
    words = {"name": name, "number": number, "domain": DOMAINS[number % len(DOMAINS)], "owner": number % 12}
    (home / "contract.odcs.yaml").write_text(CONTRACT.format(columns=columns, **words), encoding="utf-8")


def append(engine, table, datasets, batches, inner, first=0):
    """Rows of datasets from number `first` on, for these batches; `inner` rows of each."""
    spec = governance.table_spec(table)
    cells = ", ".join(f'CAST({CELLS[table].get(c.name, filler(c))} AS {sql_type(c.type)}) AS "{c.name}"' for c in spec.columns)
    source = f"range({first}, {first + datasets}) AS d(i), range({batches.start}, {batches.stop}) AS e(b), range({inner}) AS f(r)"
    app = f"test/{table}"
    governance.record_schema_version(engine, table)
    engine.append(spec, f"SELECT {cells} FROM {source}", Txn(app, engine.txn(spec.name, app) + 1))


def append_assessment(engine) -> None:
    """An assessment in which every third item is measured."""
    edition = default_catalogue()
    columns = {column.name: plain(column) for column in governance.table_spec("maturity").columns}
    rows = []
    for at, item in enumerate(edition.items):
        level = {"level": 3, "proposal": 3, "coverage": 1} if at % 3 == 0 else {"coverage": 0, "reason": "maturity_nothing_there"}
        rows.append({**columns, "seq": 1, "edition": edition.edition, "kind": "item", "item": item.number, "ceiling": 4, **level})
    governance.append_rows(engine, "maturity", rows, Txn("test/maturity", 1))


def filler(column) -> str:
    """SQL of a value of a column that is not named."""
    return (
        "NULL"
        if column.nullable
        else {Kind.STRING: "'-'", Kind.INTEGER: "0", Kind.BOOLEAN: "FALSE", Kind.TIMESTAMP: AT}[column.type.kind]
    )


def plain(column):
    values = {Kind.STRING: "-", Kind.INTEGER: 0, Kind.BOOLEAN: False, Kind.TIMESTAMP: datetime(2026, 3, 2, tzinfo=UTC)}
    return None if column.nullable else values[column.type.kind]
