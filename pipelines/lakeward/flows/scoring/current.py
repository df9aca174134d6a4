"""Current scores of all datasets. Separate from `show`, which checks weights against rules and so imports the judge."""

from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.scores import latest_versions, read_family
from lakeward.flows.scoring.answers import DatasetScore
from lakeward.flows.scoring.rows import dataset_score
from lakeward.quality.score_sql import newest_batches_sql
from lakeward.scorecard.scores import RUNS, VERDICTS, level_families


def current_scores(workspace: Workspace, engine: Engine) -> dict[str, DatasetScore]:
    """The current score of every dataset, by name, from one query."""
    at = latest_versions(engine, (VERDICTS, RUNS))
    if VERDICTS not in at:
        return {}
    family = level_families(newest_batches_sql(runs=RUNS in at), tuple(at), workspace.weights)["datasets"]
    return {row.key[0]: dataset_score(row) for row in read_family(engine, family, at).rows}
