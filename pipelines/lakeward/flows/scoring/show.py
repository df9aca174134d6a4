"""Shows scores from the estate or a dataset down to its rules, and those kept of earlier days. Every number comes with its query."""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.scores import SCORES, read, versions_of
from lakeward.flows.batch.weights import check_all_weights
from lakeward.flows.scoring.answers import (
    DatasetScore,
    EstateScore,
    MeanScore,
    RuleScore,
    ScoreLevel,
    ScoreReport,
    StoredScore,
    UnmeasuredDimension,
)
from lakeward.quality.indicators import indicator_of
from lakeward.quality.rule import Dimension
from lakeward.quality.score_sql import newest
from lakeward.scorecard.figures import Reading, Row
from lakeward.scorecard.scores import RUNS, VERDICTS, levels

OF_ESTATE, OF_DATASET = ("estate", "estate_dimensions", "datasets"), ("datasets", "dimensions", "rules")


def show_scores(settings: Settings, name: str | None = None, *, batches: int | None = 1) -> ScoreReport:
    """The scores of the estate, or of dataset `name`, over what was received last.

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
    rows: Sequence[Sequence[Row]] = [reading.rows for reading in found] or [(), (), ()]
    whole, dimensions, parts = rows
    mean: Callable[[Row], EstateScore | DatasetScore] = _of_dataset if name else _of_estate
    measured = {score.dimension: score for score in map(mean, dimensions)}
    return ScoreReport(
        dataset=name,
        batches=batches,
        whole=mean(whole[0]) if whole else None,
        dimensions=tuple(measured.get(each) or UnmeasuredDimension(dimension=each) for each in Dimension),
        parts=tuple(map(_of_rule, parts)) if name else tuple(map(_of_dataset, parts)),
        levels=tuple(map(level, found)),
    )


def current_scores(workspace: Workspace, engine: Engine) -> dict[str, DatasetScore]:
    """What every dataset scores now, by name: one query, whatever their number."""
    at = versions_of(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return {}
    family = levels(newest(runs=RUNS in at), tuple(at), workspace.weights)["datasets"]
    return {row.key[0]: _of_dataset(row) for row in read(engine, family, at).rows}


def score_history(settings: Settings, name: str | None = None) -> list[StoredScore]:
    """The kept scores of the estate or of dataset `name`, oldest first, with the query and the versions that give each again.

    Raises:
        UsageError: The project has no such dataset.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    where = equals(level="dataset", dataset=name) if name else equals(level="estate")
    with workspace.engine() as engine:
        return [_stored(row) for row in governance.rows(engine, SCORES, where, "scored_at, generation, seq")]


def level(reading: Reading) -> ScoreLevel:
    """A reading with its queries."""
    return ScoreLevel(reading.family.name, reading.family.sql, reading.versions, tuple(reading.figures()))


def _readings(workspace: Workspace, engine: Engine, name: str | None, batches: int | None) -> list[Reading]:
    at = versions_of(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    made = levels(newest(batches, dataset=literal(name) if name else None, runs=RUNS in at), tuple(at), workspace.weights)
    return [read(engine, made[each], at) for each in (OF_DATASET if name else OF_ESTATE)]


def _of_estate(row: Row) -> EstateScore:
    return EstateScore(_mean(row), _count(row, "datasets"), _count(row, "scored"), _dimension(row))


def _of_dataset(row: Row) -> DatasetScore:
    return DatasetScore(row.word("dataset"), _mean(row), _decimal(row, "weight"), _dimension(row))


def _of_rule(row: Row) -> RuleScore:
    dimension, expectation = Dimension(row.word("dimension")), row.word("expectation")
    return RuleScore(
        dataset=row.word("dataset"),
        dimension=dimension,
        rule=row.word("rule"),
        rule_version=row.word("rule_version"),
        expectation=expectation,
        score=_decimal(row, "score"),
        weight=_decimal(row, "weight"),
        numerator=row.number("numerator"),
        denominator=row.number("denominator"),
        coverage=_decimal(row, "coverage"),
        batches=_count(row, "batches"),
        measured=_count(row, "measured"),
        indicator=indicator_of(expectation, dimension),
    )


def _mean(row: Row) -> MeanScore:
    return MeanScore(
        score=_decimal(row, "score"),
        numerator=_decimal(row, "numerator"),
        denominator=_decimal(row, "denominator"),
        coverage=_decimal(row, "coverage"),
        rules=_count(row, "rules"),
        measured=_count(row, "measured"),
        failed_rules=_count(row, "failed_rules"),
        unknown_rules=_count(row, "unknown_rules"),
    )


def _dimension(row: Row) -> Dimension | None:
    return Dimension(row.word("dimension")) if "dimension" in row.cells else None


def _decimal(row: Row, column: str) -> Decimal | None:
    found = row.number(column)
    return None if found is None else Decimal(found)


def _count(row: Row, column: str) -> int:
    return int(row.number(column) or 0)


def _stored(row: Mapping[str, Any]) -> StoredScore:
    dimension = Dimension(row["dimension"]) if row["dimension"] else None
    return StoredScore(**{**row, "dimension": dimension, "versions": json.loads(row["versions"])})
