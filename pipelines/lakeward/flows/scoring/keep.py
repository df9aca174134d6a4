"""Keeps scores in `governance.scores`: a batch's with the batch, the estate's when it has changed. Each holds the query that opens it.

What is kept is never changed: a score of an earlier day is read at the versions of its day, by the weights of its day.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.core.names import RunId, TableName, new_run_id, sha256
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows import governance
from lakeward.flows.batch import Work
from lakeward.flows.scoring.policy import check_all_weights
from lakeward.flows.workspace import Workspace, open_workspace
from lakeward.quality.rule import Verdict
from lakeward.quality.score import Part, score
from lakeward.quality.score_sql import batch, newest
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import Family, Reading
from lakeward.scorecard.scores import RUNS, VERDICTS, levels

SCORES = "scores"
APP = "scores/estate"
ESTATE = ("estate", "estate_dimension")
# What the estate's score is made of; with these the same, it has not changed.
LASTING = ("level", "dimension", "score", "numerator", "denominator", "rules", "measured", "rules_sha256", "weights_sha256")
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
        **_head(work.run_id, work.weights, ((name, v.rule.id, v.rule.version) for v in verdicts), work.clock.now()),
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


def keep_estate_score(settings: Settings) -> bool:
    """Record the score of the estate and of its dimensions, if something of it has changed; whether it has.

    Raises:
        UsageError: There is no project at or above `settings.start`.
        DefinitionError: The weights are not valid.
    """
    workspace = open_workspace(settings)
    check_all_weights(workspace)
    with workspace.engine() as engine:
        rows = _estate(workspace, engine)
        last = _last(engine)
        if not rows or (last and _lasting(last) == _lasting(rows)):
            return False
        seq = last[0]["seq"] + 1 if last else 1
        return governance.record(engine, SCORES, [{**row, "seq": seq} for row in rows], Txn(APP, seq)) is not None


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


def _estate(workspace: Workspace, engine: Engine) -> list[Row]:
    at = versions_of(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    made = levels(newest(runs=RUNS in at), tuple(at), workspace.weights)
    rules = [(*row.key[::2], row.word("rule_version")) for row in read(engine, made["rules"], at).rows]
    head = _head(new_run_id(), workspace.weights, rules, workspace.clock.now())
    head |= {"dataset": None, "generation": None}
    readings = [
        (level, read(engine, made[name], at)) for level, name in zip(ESTATE, ("estate", "estate_dimensions"), strict=True)
    ]
    return [
        {
            **head,
            "level": level,
            "dimension": row.key[0] if row.key else None,
            **_sums(row.cells),
            **_evidence(family, row.key, at),
        }
        for level, reading in readings
        for family in [reading.family]
        for row in reading.rows
    ]


def _last(engine: Engine) -> list[Row]:
    found = governance.rows(engine, SCORES, f"level IN {ESTATE}", "seq")
    return [row for row in found if row["seq"] == found[-1]["seq"]]


def _lasting(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row[name] for name in LASTING) for row in rows), key=repr)


def _head(run_id: RunId, weights: Weights, rules: Iterable[tuple[str, ...]], now: datetime) -> Row:
    listed = json.dumps(sorted(rules), ensure_ascii=False)
    return {"run_id": run_id, "weights_sha256": weights.sha256, "rules_sha256": sha256(listed.encode()), "scored_at": now}


def _part(part: Part, family: Family, key: tuple[str, ...], at: Mapping[str, int]) -> Row:
    cells = {"score": part.value, **{name: getattr(part, name) for name in SUMS[1:]}}
    return {**cells, **_evidence(family, key, at)}


def _sums(cells: Mapping[str, Decimal | int | str | None]) -> Row:
    return {name: cells[name] for name in SUMS}


def _evidence(family: Family, key: tuple[str, ...], at: Mapping[str, int]) -> Row:
    return {"sql": family.opened(key, "score"), "versions": json.dumps(at, sort_keys=True)}
