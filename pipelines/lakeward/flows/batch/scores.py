"""Stores the score of a batch in `governance.scores` with its query, and reads scores at versions of tables.

Stored scores never change: an old score is read at the table versions and weights of its time.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lakeward.core.names import RunId, TableName, sha256
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext
from lakeward.quality.rule import Verdict
from lakeward.quality.rule_scope import SCOPE_EDITION
from lakeward.quality.score import ScorePart, score
from lakeward.quality.score_sql import single_batch_sql
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import Family, FamilyResult
from lakeward.scorecard.scores import VERDICTS, level_families

SCORES = "scores"
SCORE_COLUMNS = ("score", "numerator", "denominator", "rules", "measured", "coverage")

Row = dict[str, Any]


def append_scores(context: BatchContext, verdicts: Sequence[Verdict]) -> None:
    """Store the score of the batch and of its dimensions, once. Its verdicts must be stored before."""
    stored = context.engine.info(TableName.parse(VERDICTS))
    if stored is None:
        return
    name, generation, seq = context.contract.name, context.pinned.definition.generation, context.pinned.seq
    opened = level_families(single_batch_sql(VERDICTS, literal(name), generation, seq), (VERDICTS,), context.weights)
    head = {
        **score_head(context.run_id, context.weights, ((name, v.rule.id, v.rule.version) for v in verdicts), context.clock.now()),
        "dataset": name,
        "generation": generation,
        "seq": seq,
    }
    whole, at = score(verdicts, context.weights, name), {VERDICTS: stored.version}
    rows = [{**head, "level": "dataset", "dimension": None, **_score_cells(whole, opened["datasets"], (name,), at)}]
    for dimension, part in whole.dimensions.items():
        cells = _score_cells(part, opened["dimensions"], (name, str(dimension)), at)
        rows.append({**head, "level": "dimension", "dimension": str(dimension), **cells})
    governance.append_rows(context.engine, SCORES, rows, context.txn)


def engine_versions(versions: Mapping[str, int]) -> dict[TableName, int]:
    """Versions by table name, for an engine."""
    return {TableName.parse(table): version for table, version in versions.items()}


def latest_versions(engine: Engine, tables: Iterable[str]) -> dict[str, int]:
    """The newest version of each existing table."""
    found = {table: engine.info(TableName.parse(table)) for table in tables}
    return {table: info.version for table, info in found.items() if info}


def read_family(engine: Engine, family: Family, versions: Mapping[str, int]) -> FamilyResult:
    """The result of the family's query at these versions."""
    return FamilyResult.from_rows(family, versions, engine.fetch(family.sql, at=engine_versions(versions)))


def score_head(run_id: RunId, weights: Weights, rules: Iterable[tuple[str, ...]], now: datetime) -> Row:
    """The columns that all rows of one scoring share: the run, the weights, the scored rules (dataset, id, version), and their scope."""
    listed = json.dumps(sorted(rules), ensure_ascii=False)
    hashes = {"weights_sha256": weights.sha256, "rules_sha256": sha256(listed.encode())}
    return {"run_id": run_id, **hashes, "scope": SCOPE_EDITION, "scored_at": now}


def score_evidence(family: Family, key: tuple[str, ...], versions: Mapping[str, int]) -> Row:
    """The query that reproduces the score of `key`, and the table versions that it reads."""
    return {"sql": family.figure_query(key, "score"), "versions": json.dumps(versions, sort_keys=True)}


def _score_cells(part: ScorePart, family: Family, key: tuple[str, ...], versions: Mapping[str, int]) -> Row:
    cells = {"score": part.value, **{name: getattr(part, name) for name in SCORE_COLUMNS[1:]}}
    return {**cells, **score_evidence(family, key, versions)}
