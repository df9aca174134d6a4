"""Keeps the score of a batch in `governance.scores`, with the query that opens it; and reads scores at versions of tables.

What is kept is never changed: a score of an earlier day is read at the versions of its day, by the weights of its day.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lakeward.core.names import RunId, TableName, sha256
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import Work
from lakeward.quality.rule import Verdict
from lakeward.quality.score import Part, score
from lakeward.quality.score_sql import batch
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import Family, Reading
from lakeward.scorecard.scores import VERDICTS, levels

SCORES = "scores"
SUMS = ("score", "numerator", "denominator", "rules", "measured", "coverage")

Row = dict[str, Any]


def record_scores(work: Work, verdicts: Sequence[Verdict]) -> None:
    """Record the score of the batch and of its dimensions, once; its verdicts are stored."""
    stored = work.engine.info(TableName.parse(VERDICTS))
    if stored is None:
        return
    name, generation, seq = work.contract.name, work.pinned.definition.generation, work.pinned.seq
    opened = levels(batch(VERDICTS, literal(name), generation, seq), (VERDICTS,), work.weights)
    head = {
        **score_head(work.run_id, work.weights, ((name, v.rule.id, v.rule.version) for v in verdicts), work.clock.now()),
        "dataset": name,
        "generation": generation,
        "seq": seq,
    }
    whole, at = score(verdicts, work.weights, name), {VERDICTS: stored.version}
    rows = [{**head, "level": "dataset", "dimension": None, **_part(whole, opened["datasets"], (name,), at)}]
    for dimension, part in whole.dimensions.items():
        told = _part(part, opened["dimensions"], (name, str(dimension)), at)
        rows.append({**head, "level": "dimension", "dimension": str(dimension), **told})
    governance.record(work.engine, SCORES, rows, work.txn)


def pinned(versions: Mapping[str, int]) -> dict[TableName, int]:
    """Versions as an engine takes them."""
    return {TableName.parse(table): version for table, version in versions.items()}


def versions_of(engine: Engine, tables: Iterable[str]) -> dict[str, int]:
    """The newest version of each table that is there."""
    found = {table: engine.info(TableName.parse(table)) for table in tables}
    return {table: info.version for table, info in found.items() if info}


def read(engine: Engine, family: Family, versions: Mapping[str, int]) -> Reading:
    """What the family's query gives at these versions."""
    return Reading.of(family, versions, engine.fetch(family.sql, at=pinned(versions)))


def score_head(run_id: RunId, weights: Weights, rules: Iterable[tuple[str, ...]], now: datetime) -> Row:
    """What every row of one scoring shares: the run, the weights, and the rules (dataset, id, version) that were scored."""
    listed = json.dumps(sorted(rules), ensure_ascii=False)
    return {"run_id": run_id, "weights_sha256": weights.sha256, "rules_sha256": sha256(listed.encode()), "scored_at": now}


def score_evidence(family: Family, key: tuple[str, ...], at: Mapping[str, int]) -> Row:
    """The query that gives the score of `key` again, and the table versions it reads."""
    return {"sql": family.opened(key, "score"), "versions": json.dumps(at, sort_keys=True)}


def _part(part: Part, family: Family, key: tuple[str, ...], at: Mapping[str, int]) -> Row:
    cells = {"score": part.value, **{name: getattr(part, name) for name in SUMS[1:]}}
    return {**cells, **score_evidence(family, key, at)}
