"""What a person asks a lake, read from its tables: which tables there are, what ran, what the verdicts were."""

import json
from dataclasses import replace
from typing import Any

from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.report import Counts
from lakeward.flows.base.workspace import open_workspace
from lakeward.quality.score_sql import REWORKED


def list_tables(settings: Settings) -> list[dict[str, Any]]:
    """Every Delta table of the lake: `table, path, version, rows`."""
    with open_workspace(settings).engine() as engine:
        return [{"table": str(t.name), "path": t.path, "version": t.version, "rows": t.rows} for t in engine.tables()]


def list_runs(settings: Settings) -> list[dict[str, Any]]:
    """Per dataset, what all its finished batches came to: the keys of `RunReport.as_dict`, the score that of the newest received batch."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = governance.rows(engine, "runs", order="generation, batch_seq")
    by_batch = {(row["dataset"], row["batch_seq"]): row for row in found}
    return [
        _total(name, [row for (dataset, _), row in by_batch.items() if dataset == name]) for name in workspace.project.datasets()
    ]


def _total(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    counts = sum((_counts(row) for row in runs), Counts())
    score = next((row["score"] for row in reversed(runs) if row["flow"] not in REWORKED), None)
    last = runs[-1]["run_id"] if runs else None
    return {
        "dataset": name,
        "run_id": last,
        "batches": len(runs),
        **counts.as_dict(),
        "score": None if score is None else float(score),
    }


def _counts(run: dict[str, Any]) -> Counts:
    """What the batch moved: a replay receives nothing, and its rows leave quarantine."""
    counts = Counts(**{key: run[key] for key in Counts().as_dict()})
    if run["flow"] not in REWORKED:
        return counts
    return replace(counts, rows_in=0, bronze=0, quarantine=counts.quarantine - counts.rows_in)


def list_verdicts(settings: Settings, name: str, *, every: bool = False) -> list[dict[str, Any]]:
    """Verdicts of the dataset's newest batch, or of `every` batch, as `governance.verdicts` holds them.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    workspace.project.contract(name)
    with workspace.engine() as engine:
        found = governance.rows(engine, "verdicts", order="batch_seq, generation, rule_id", dataset=name)
    newest = max(((row["generation"], row["batch_seq"]) for row in found), default=None)
    kept = found if every else [row for row in found if (row["generation"], row["batch_seq"]) == newest]
    return [{**row, "columns": json.loads(row["columns"]), "judged_at": row["judged_at"].isoformat()} for row in kept]
