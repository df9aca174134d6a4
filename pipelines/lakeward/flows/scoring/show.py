"""Shows scores from the estate or a dataset down to its rules, and those kept of earlier days. Every number comes with its query."""

import json
from typing import Any

from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.scores import SCORES, Row, read, versions_of
from lakeward.flows.batch.weights import check_all_weights
from lakeward.quality.indicators import indicator_of
from lakeward.quality.rule import Dimension
from lakeward.quality.score_sql import newest
from lakeward.scorecard.figures import Reading
from lakeward.scorecard.scores import RUNS, VERDICTS, levels

# What a dimension is that no rule speaks of: nothing measured of nothing, and never zero.
NO_RULE = {"score": None, "coverage": None, "rules": 0, "measured": 0, "failed_rules": 0, "unknown_rules": 0}
OF_ESTATE, OF_DATASET = ("estate", "estate_dimensions", "datasets"), ("datasets", "dimensions", "rules")


def show_scores(settings: Settings, name: str | None = None, *, batches: int | None = 1) -> Row:
    """The scores of the estate, or of dataset `name`, over what was received last.

    Keys: `whole`, `dimensions` (all six), `parts` (of the estate its datasets, of a dataset its rules), and `levels`: for each, the
    `sql` of all its numbers, the `versions` it read, and `figures` (`id, value, sql`), one query per number.

    Args:
        batches: How many batches of each dataset, from the newest received one of its latest generation; None: all of these.

    Raises:
        UsageError: The project has no such dataset.
        DefinitionError: The weights are not valid.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    check_all_weights(workspace)
    with workspace.engine() as engine:
        found = _readings(workspace, engine, name, batches)
    whole, dimensions, parts = ([dict(row.cells) for row in reading.rows] for reading in found) if found else ([], [], [])
    told = {row["dimension"]: row for row in dimensions}
    return {
        "dataset": name,
        "batches": batches,
        "whole": whole[0] if whole else None,
        "dimensions": [told.get(str(each), {**NO_RULE, "dimension": str(each)}) for each in Dimension],
        "parts": [_with_indicator(row) for row in parts] if name else parts,
        "levels": [level(reading) for reading in found],
    }


def score_history(settings: Settings, name: str | None = None) -> list[Row]:
    """The kept scores of the estate or of dataset `name`, oldest first, with the query and the versions that give each again.

    Raises:
        UsageError: The project has no such dataset.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    where = equals(level="dataset", dataset=name) if name else equals(level="estate")
    with workspace.engine() as engine:
        found = governance.rows(engine, SCORES, where, "scored_at, generation, seq")
    return [{**row, "versions": json.loads(row["versions"]), "scored_at": row["scored_at"].isoformat()} for row in found]


def level(reading: Reading) -> Row:
    """A reading with its queries."""
    figures: list[dict[str, Any]] = [
        {"id": figure.id, "value": figure.value, "sql": figure.evidence.sql} for figure in reading.figures()
    ]
    return {"level": reading.family.name, "sql": reading.family.sql, "versions": dict(reading.versions), "figures": figures}


def _readings(workspace: Workspace, engine: Engine, name: str | None, batches: int | None) -> list[Reading]:
    at = versions_of(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    made = levels(newest(batches, dataset=literal(name) if name else None, runs=RUNS in at), tuple(at), workspace.weights)
    return [read(engine, made[each], at) for each in (OF_DATASET if name else OF_ESTATE)]


def _with_indicator(row: Row) -> Row:
    return {**row, "indicator": indicator_of(row["expectation"], row["dimension"])}
