"""Stores the score of the estate in `governance.scores` with its query, if it has changed.

Stored scores never change: an old score is read at the table versions and weights of its time.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from lakeward.core.names import new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.scores import SCORE_COLUMNS, SCORES, Row, latest_versions, read_family, score_evidence, score_head
from lakeward.flows.batch.weights import check_all_weights
from lakeward.quality.score_sql import newest_batches_sql
from lakeward.scorecard.scores import RUNS, VERDICTS, level_families

APP = "scores/estate"
ESTATE_LEVELS = ("estate", "estate_dimension")
# Columns that define the estate's score; if they are equal, it has not changed.
COMPARED_COLUMNS = (
    "level",
    "dimension",
    "score",
    "numerator",
    "denominator",
    "rules",
    "measured",
    "rules_sha256",
    "weights_sha256",
)


def store_estate_score(settings: Settings) -> bool:
    """Store the score of the estate and of its dimensions if it has changed; returns whether it has.

    Raises:
        UsageError: There is no project at or above `settings.start`.
        DefinitionError: The weights are not valid.
    """
    workspace = open_workspace(settings)
    check_all_weights(workspace)
    with workspace.engine() as engine:
        rows = _estate_rows(workspace, engine)
        last = _latest_rows(engine)
        if not rows or (last and _comparable_rows(last) == _comparable_rows(rows)):
            return False
        seq = last[0]["seq"] + 1 if last else 1
        return governance.append_rows(engine, SCORES, [{**row, "seq": seq} for row in rows], Txn(APP, seq)) is not None


def _estate_rows(workspace: Workspace, engine: Engine) -> list[Row]:
    at = latest_versions(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    families = level_families(newest_batches_sql(runs=RUNS in at), tuple(at), workspace.weights)
    rules = [(*row.key[::2], row.word("rule_version")) for row in read_family(engine, families["rules"], at).rows]
    head = score_head(new_run_id(), workspace.weights, rules, workspace.clock.now())
    head |= {"dataset": None, "generation": None}
    readings = [
        (level, read_family(engine, families[name], at))
        for level, name in zip(ESTATE_LEVELS, ("estate", "estate_dimensions"), strict=True)
    ]
    return [
        {
            **head,
            "level": level,
            "dimension": row.key[0] if row.key else None,
            **_score_cells(row.cells),
            **score_evidence(family, row.key, at),
        }
        for level, reading in readings
        for family in [reading.family]
        for row in reading.rows
    ]


def _latest_rows(engine: Engine) -> list[Row]:
    found = governance.read_rows(engine, SCORES, f"level IN {ESTATE_LEVELS}", "seq")
    return [row for row in found if row["seq"] == found[-1]["seq"]]


def _comparable_rows(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row[name] for name in COMPARED_COLUMNS) for row in rows), key=repr)


def _score_cells(cells: Mapping[str, Decimal | int | str | None]) -> Row:
    return {name: cells[name] for name in SCORE_COLUMNS}
