"""Computes again what a lake says of itself: both sides of the first law from the stored rows, and scores by their own queries."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.scores import engine_versions

# The newest row of each batch of received files, in the latest generation of its dataset.
_NEWEST = """
SELECT dataset, batch_seq, rows_in, bronze, rejects, silver, quarantine, duplicates FROM governance.runs
WHERE flow = 'ingest' QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq ORDER BY generation DESC, finished_at DESC) = 1
ORDER BY dataset, batch_seq
"""
# The newest score of each kind.
_SCORES = """
SELECT level, dataset, dimension, seq, score, sql, versions FROM governance.scores WHERE score IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY level, dataset, dimension ORDER BY scored_at DESC, seq DESC) = 1
"""
# Tables whose rows of a batch stay as they were written.
_COUNTED = (Layer.BRONZE, Layer.REJECTS, Layer.QUARANTINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeReplay:
    """What was computed again.

    Args:
        batches: Number of batches whose rows were counted.
        scores: Number of scores that were computed by their queries.
        unknown: Scores whose versions of tables are not kept any more.
        problems: What differs, as messages.
    """

    batches: int
    scores: int
    unknown: int
    problems: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """`batches, scores, unknown, problems`."""
        return fields_of(self)


def replay_lake(workspace: Workspace) -> LakeReplay:
    """Count the rows of all batches, and compute the newest scores.

    Raises:
        MachineError: The lake can't be read.
    """
    with workspace.engine() as engine:
        runs = engine.fetch(_NEWEST) if engine.info(governance.table_name("runs")) else []
        problems = [*_row_problems(engine, runs)]
        scores = engine.fetch(_SCORES) if engine.info(governance.table_name("scores")) else []
        values = [(row, _compute_score(engine, row)) for row in scores]
    known = [(row, value) for row, value in values if value is not None]
    problems += [_score_problem(row, value) for row, value in known if value != row["score"]]
    return LakeReplay(batches=len(runs), scores=len(known), unknown=len(values) - len(known), problems=tuple(problems))


def _row_problems(engine: Engine, runs: list[dict[str, Any]]) -> Iterator[Notice]:
    """Batches whose sums do not meet, or whose rows are not those that were recorded."""
    stored = {dataset: _stored_rows(engine, dataset) for dataset in {run["dataset"] for run in runs}}
    for run in runs:
        facts = {"dataset": run["dataset"], "batch": run["batch_seq"]}
        if run["rows_in"] != run["bronze"] + run["rejects"]:
            yield Notice("replay_rows_in", {**facts, "expected": run["rows_in"], "found": run["bronze"] + run["rejects"]})
        published = run["silver"] + run["quarantine"] + run["duplicates"]
        if run["bronze"] != published:
            yield Notice("replay_bronze", {**facts, "expected": run["bronze"], "found": published})
        for layer in _COUNTED:
            found = stored[run["dataset"]][layer].get(run["batch_seq"], 0)
            if found != run[str(layer)]:
                table = TableName(layer, run["dataset"])
                yield Notice("replay_stored", {**facts, "table": table, "expected": run[str(layer)], "found": found})


def _stored_rows(engine: Engine, dataset: str) -> Mapping[Layer, Mapping[int, int]]:
    """Layer -> batch -> its rows in the dataset's table of the layer."""
    found: dict[Layer, dict[int, int]] = {}
    for layer in _COUNTED:
        table = TableName(layer, dataset)
        query = f"SELECT _batch_seq AS batch, count(*) AS n FROM {table} GROUP BY 1"
        found[layer] = {row["batch"]: row["n"] for row in engine.fetch(query)} if engine.info(table) else {}
    return found


def _compute_score(engine: Engine, row: Mapping[str, Any]) -> Decimal | None:
    """The score by its own query; None where its versions are not kept."""
    try:
        found = engine.fetch(row["sql"], at=engine_versions(json.loads(row["versions"])))
    except UsageError:
        return None
    value = found[0]["value"] if found else None
    return None if value is None else Decimal(str(value)).quantize(row["score"])


def _score_problem(row: Mapping[str, Any], value: Decimal) -> Notice:
    subject = "/".join(str(part) for part in (row["dataset"] or "*", row["dimension"] or "*"))
    return Notice("replay_score", {"subject": subject, "batch": row["seq"], "expected": row["score"], "found": value})
