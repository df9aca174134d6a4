"""Keeps the score of the estate in `governance.scores`, when it has changed, with the query that opens it.

What is kept is never changed: a score of an earlier day is read at the versions of its day, by the weights of its day.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from lakeward.core.names import new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.scores import SCORES, SUMS, Row, read, score_evidence, score_head, versions_of
from lakeward.flows.batch.weights import check_all_weights
from lakeward.quality.score_sql import newest
from lakeward.scorecard.scores import RUNS, VERDICTS, levels

APP = "scores/estate"
ESTATE = ("estate", "estate_dimension")
# What the estate's score is made of; with these the same, it has not changed.
LASTING = ("level", "dimension", "score", "numerator", "denominator", "rules", "measured", "rules_sha256", "weights_sha256")


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


def _estate(workspace: Workspace, engine: Engine) -> list[Row]:
    at = versions_of(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    made = levels(newest(runs=RUNS in at), tuple(at), workspace.weights)
    rules = [(*row.key[::2], row.word("rule_version")) for row in read(engine, made["rules"], at).rows]
    head = score_head(new_run_id(), workspace.weights, rules, workspace.clock.now())
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
            **score_evidence(family, row.key, at),
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


def _sums(cells: Mapping[str, Decimal | int | str | None]) -> Row:
    return {name: cells[name] for name in SUMS}
