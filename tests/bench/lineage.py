"""Measures the audit and the impact of lineage over an estate: contracts and governance tables of so many datasets, without rows.

    python tests/bench/lineage.py [DATASETS [COLUMNS]]

One dataset in ten is gold and reads two others. CPU seconds stand beside those of the clock, as the machine may be shared.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from lakeward.core.clock import SystemClock
from lakeward.core.settings import Settings
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows import audit_lineage, create_project, lineage_impact
from lakeward.flows.base import governance
from lakeward.flows.base.lineage_events import query_lineage
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.curate import curation_candidate
from lakeward.flows.batch.ingest import ingest_candidate
from lakeward_lineage import event_id, run_id

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.0.0
status: active
domain: production
description: {{purpose: readings}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: ts, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}}
{columns}customProperties:
  - property: {property}
    value: {value}
  - {{property: timeColumn, value: ts}}
  - {{property: dataClass, value: production}}
"""
COLUMN = "      - {{name: c{0}, logicalType: number, physicalType: double}}\n"


def make_estate(root, datasets, columns):
    """Contracts, one empty table each, and what a run of each would have recorded."""
    settings = Settings(start=create_project(root))
    names = [f"d{number:04}" for number in range(datasets)]
    for number, name in enumerate(names):
        write_dataset(root, name, columns, names[max(0, number - 2) : number] if number % 10 == 9 else [])
    record(settings, names, columns)
    return settings


def write_dataset(root, name, columns, inputs):
    folder = root / "expectations" / "datasets" / name
    folder.mkdir(parents=True)
    lines = "".join(COLUMN.format(number) for number in range(1, columns))
    source = f'{{path: inbox/{name}, pattern: "*.csv", format: csv, encoding: utf-8, timezone: UTC}}'
    tables = ", ".join(f"silver.{each}" for each in inputs)
    times = ", ".join(f"silver.{each}: ts" for each in inputs)
    model = f"{{sql: models/m.sql, inputs: [{tables}], window: ts, grain: hour, timezone: UTC, times: {{{times}}}}}"
    text = CONTRACT.format(name=name, columns=lines, property="model" if inputs else "source", value=model if inputs else source)
    (folder / "contract.odcs.yaml").write_text(text, encoding="utf-8")
    if inputs:
        (folder / "models").mkdir()
        items = ", ".join(f"avg(a.c{number} + b.c{number}) AS c{number}" for number in range(1, columns))
        first, second = inputs
        sql = f"SELECT date_trunc('hour', a.ts) AS ts, {items} FROM silver.{first} AS a JOIN silver.{second} AS b USING (ts) GROUP BY ALL"
        (folder / "models" / "m.sql").write_text(sql, encoding="utf-8")


def record(settings, names, columns):
    workspace = open_workspace(settings)
    now, project = SystemClock().now(), workspace.project
    rows = {"contracts": [], "batches": [], "runs": [], "lineage_edges": []}
    sent = workspace.files / "lineage" / "sent"
    sent.mkdir(parents=True)
    with workspace.engine() as engine:
        for name in names:
            contract = project.contract(name)
            definition = (curation_candidate if contract.model else ingest_candidate)(workspace, name)
            spec = TableSpec(contract.table(contract.layer), tuple(TableColumn(c.name, c.type) for c in contract.columns))
            engine.append(spec, engine.literal_rows({c.name: c.type for c in contract.columns}, []), Txn("bench", 1))
            own = {"dataset": name, "generation": 1, "batch_seq": 1, "batch_id": name, "run_id": name}
            hashes = definition.hashes
            rows["contracts"].append(
                {
                    **own,
                    **hashes,
                    "version": "1.0.0",
                    "contract_text": contract.text,
                    "suite_text": None,
                    "model_text": definition.model,
                    "applied_at": now,
                }
            )
            rows["batches"].append(
                {
                    **own,
                    **hashes,
                    "start_offset": 0,
                    "end_offset": 1,
                    "inputs": None,
                    "kind": None,
                    "request": None,
                    "planned_at": now,
                }
            )
            flow = "curate" if contract.model else "ingest"
            counts = dict.fromkeys(("rows_in", "bronze", "rejects", "silver", "quarantine", "duplicates", "corrections"), 0)
            rows["runs"].append(
                {
                    **own,
                    **counts,
                    **hashes,
                    "flow": flow,
                    "score": None,
                    "coverage": None,
                    "failed_rules": 0,
                    "unknown_rules": 0,
                    "warnings": None,
                    "contract_version": "1.0.0",
                    "engine": "bench",
                    "started_at": now,
                    "finished_at": now,
                }
            )
            for layer in ("gold",) if contract.model else ("bronze", "silver"):
                job = f"{flow}.{name}.{layer}"
                (sent / f"{event_id(run_id(project.name, job, name), 'COMPLETE')}.json").touch()
                for edge in edges_of(engine, contract, definition, layer):
                    rows["lineage_edges"].append({**own, "job": job, "observed_at": now, **edge})
        for table, found in rows.items():
            for start in range(0, len(found), 5000):
                governance.append_rows(engine, table, found[start : start + 5000], Txn("bench", 1 + start))


def edges_of(engine, contract, definition, layer):
    name = contract.name
    if layer == "gold":
        lineage = query_lineage(engine, contract, definition.model, contract.model.inputs)
        for column, origins in {**lineage.columns, "": lineage.rows}.items():
            for origin in origins:
                yield {
                    "from_table": origin.table,
                    "from_column": origin.column,
                    "to_table": f"gold.{name}",
                    "to_column": column or None,
                    "kind": str(origin.kind),
                }
        return
    source = f"landing.{name}" if layer == "bronze" else f"bronze.{name}"
    for column in contract.columns:
        yield {
            "from_table": source,
            "from_column": column.name,
            "to_table": f"{layer}.{name}",
            "to_column": column.name,
            "kind": "IDENTITY",
        }


def timed(label, action):
    wall, cpu = time.perf_counter(), time.process_time()
    found = action()
    print(
        json.dumps(
            {
                "what": label,
                "seconds": round(time.perf_counter() - wall, 3),
                "cpu_s": round(time.process_time() - cpu, 3),
                "found": len(found),
            }
        )
    )


if __name__ == "__main__":
    datasets, columns = (
        (int(each) for each in (*sys.argv[1:], "1000", "20")[:2]) if len(sys.argv) != 2 else (int(sys.argv[1]), 20)
    )
    with tempfile.TemporaryDirectory() as folder:
        plant = make_estate(Path(folder) / "plant", datasets, columns)
        timed("audit", lambda: audit_lineage(plant))
        for number in range(3):
            timed(f"impact, call {number + 1} of the process", lambda: lineage_impact(plant, "silver.d0007.c3"))
