"""What a person asks a lake, read from its tables: which tables there are, what the verdicts were, what was set aside."""

import json
from typing import Any

from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows import governance
from lakeward.flows.report import Counts
from lakeward.flows.run import in_order
from lakeward.flows.workspace import open_workspace


def list_tables(settings: Settings) -> list[dict[str, Any]]:
    """Every Delta table of the lake: `table, path, version, rows`."""
    with open_workspace(settings).engine() as engine:
        return [{"table": str(t.name), "path": t.path, "version": t.version, "rows": t.rows} for t in engine.tables()]


def list_runs(settings: Settings) -> list[dict[str, Any]]:
    """Per dataset, what all its finished batches came to: the keys of `RunReport.as_dict`, the score that of the newest batch."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = governance.rows(engine, "runs", order="generation, batch_seq")
    by_batch = {(row["dataset"], row["batch_seq"]): row for row in found}
    return [
        _total(name, [row for (dataset, _), row in by_batch.items() if dataset == name]) for name in workspace.project.datasets()
    ]


def _total(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    counts = sum((Counts(**{key: row[key] for key in Counts().as_dict()}) for row in runs), Counts())
    score = runs[-1]["score"] if runs else None
    last = runs[-1]["run_id"] if runs else None
    return {
        "dataset": name,
        "run_id": last,
        "batches": len(runs),
        **counts.as_dict(),
        "score": None if score is None else float(score),
    }


def list_verdicts(settings: Settings, name: str, *, every: bool = False) -> list[dict[str, Any]]:
    """Verdicts of the dataset's newest batch, or of `every` batch, as `governance.verdicts` holds them.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    workspace.project.contract(name)
    with workspace.engine() as engine:
        found = governance.rows(engine, "verdicts", f"dataset = '{name}'", "batch_seq, generation, rule_id")
    newest = max(((row["generation"], row["batch_seq"]) for row in found), default=None)
    kept = found if every else [row for row in found if (row["generation"], row["batch_seq"]) == newest]
    return [{**row, "columns": json.loads(row["columns"]), "judged_at": row["judged_at"].isoformat()} for row in kept]


def quarantined(settings: Settings) -> list[dict[str, Any]]:
    """Per dataset and rule, how many rows lie in quarantine: `dataset, rule, rows, batches, oldest`."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        names = [t.name.name for t in engine.tables() if t.name.layer is Layer.QUARANTINE]
        return [row for name in names for row in _by_rule(engine, name)]


def quarantine_rows(settings: Settings, name: str, limit: int, *, values: bool = False) -> list[dict[str, Any]]:
    """The newest quarantined rows of a dataset: where each came from and every rule it failed.

    Args:
        values: Show the row's values as received, too.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    workspace.project.contract(name)
    table = TableName(Layer.QUARANTINE, name)
    with workspace.engine() as engine:
        if engine.info(table) is None:
            return []
        found = engine.fetch(f"SELECT * FROM {table} ORDER BY _batch_seq DESC, _file_seq, _row LIMIT {int(limit)}")
    return [_row(row, values=values) for row in found]


def _by_rule(engine: Engine, name: str) -> list[dict[str, Any]]:
    found = engine.fetch(f"""
        SELECT rule, count(*) AS n, count(DISTINCT _batch_seq) AS batches, min(_ingested_at) AS oldest
        FROM (SELECT unnest(CAST(_reasons AS VARCHAR[])) AS rule, _batch_seq, _ingested_at FROM quarantine.{name})
        GROUP BY rule ORDER BY n DESC, rule""")
    return [
        {"dataset": name, "rule": r["rule"], "rows": r["n"], "batches": r["batches"], "oldest": r["oldest"].isoformat()}
        for r in found
    ]


def _row(row: dict[str, Any], *, values: bool) -> dict[str, Any]:
    place = {"batch": row["_batch_seq"], "file": row.get("_file"), "row": row.get("_row"), "reasons": json.loads(row["_reasons"])}
    return {**place, "values": {k: v for k, v in row.items() if not k.startswith("_")}} if values else place
