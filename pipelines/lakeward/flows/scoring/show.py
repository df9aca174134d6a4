"""Shows scores of the estate or a dataset down to its rules, and stored scores. Every number comes with its query."""

from collections.abc import Callable, Sequence

from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.scores import SCORES, latest_versions, read_family
from lakeward.flows.batch.weights import check_all_weights
from lakeward.flows.scoring.answers import (
    DatasetScore,
    EstateScore,
    ScoreLevel,
    ScoreReport,
    StoredScore,
    UnmeasuredDimension,
)
from lakeward.flows.scoring.rows import dataset_score, estate_score, rule_score, stored_score
from lakeward.quality.rule import Dimension
from lakeward.quality.rule_scope import SCOPE_EDITION
from lakeward.quality.score_sql import newest_batches_sql
from lakeward.scorecard.figures import FamilyResult, FigureRow
from lakeward.scorecard.scores import RUNS, VERDICTS, level_families

OF_ESTATE, OF_DATASET = ("estate", "estate_dimensions", "datasets"), ("datasets", "dimensions", "rules")


def show_scores(settings: Settings, name: str | None = None, *, batches: int | None = 1) -> ScoreReport:
    """The scores of the estate, or of dataset `name`, over the newest received batches.

    Args:
        batches: Number of newest received batches of each dataset, in its latest generation; None for all.

    Raises:
        UsageError: The project has no such dataset.
        DefinitionError: The weights are not valid.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    check_all_weights(workspace)
    with workspace.engine() as engine:
        found = _read_levels(workspace, engine, name, batches)
    rows: Sequence[Sequence[FigureRow]] = [reading.rows for reading in found] or [(), (), ()]
    whole, dimensions, parts = rows
    mean: Callable[[FigureRow], EstateScore | DatasetScore] = dataset_score if name else estate_score
    measured = {score.dimension: score for score in map(mean, dimensions)}
    return ScoreReport(
        dataset=name,
        batches=batches,
        whole=mean(whole[0]) if whole else None,
        dimensions=tuple(measured.get(each) or UnmeasuredDimension(dimension=each) for each in Dimension),
        parts=tuple(map(rule_score, parts)) if name else tuple(map(dataset_score, parts)),
        levels=tuple(map(level_dict, found)),
    )


def score_history(settings: Settings, name: str | None = None) -> list[StoredScore]:
    """The stored scores of the estate or of dataset `name`, oldest first, with query and table versions.

    Raises:
        UsageError: The project has no such dataset.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    where = equals(level="dataset", dataset=name) if name else equals(level="estate")
    with workspace.engine() as engine:
        rows = governance.read_rows(engine, SCORES, where, "scored_at, generation, seq")
    earlier = 1 if _has_gold(workspace, name) else SCOPE_EDITION
    return [stored_score(row, earlier) for row in rows]


def _has_gold(workspace: Workspace, name: str | None) -> bool:
    """Whether a dataset is gold, or, without a name, any is: of others no rule changed its scope."""
    contracts = workspace.project.valid_contracts()
    return any(contract.layer is Layer.GOLD for dataset, contract in contracts.items() if name in (None, dataset))


def level_dict(reading: FamilyResult) -> ScoreLevel:
    """The scores of one level with their queries."""
    return ScoreLevel(reading.family.name, reading.family.sql, reading.versions, tuple(reading.figures()))


def _read_levels(workspace: Workspace, engine: Engine, name: str | None, batches: int | None) -> list[FamilyResult]:
    at = latest_versions(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return []
    families = level_families(
        newest_batches_sql(batches, dataset=literal(name) if name else None, runs=RUNS in at), tuple(at), workspace.weights
    )
    return [read_family(engine, families[each], at) for each in (OF_DATASET if name else OF_ESTATE)]
