"""What a run made of a table, for a program that hears of it, such as the event of Airflow's asset."""

from lakeward.core.settings import Settings
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import open_workspace


def asset_facts(settings: Settings, report: RunReport) -> dict[str, str | int | float | None]:
    """Keys: `run_id, batches, version, rows, score`.

    `version` is the newest version of the dataset's silver or gold table, None before the first; `rows` those that this run published; `score`
    0 to 100, None if nothing was measured.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(report.dataset)
    with workspace.engine(contract) as engine:
        stored = engine.info(contract.table(contract.layer))
    return {
        "run_id": report.run_id,
        "batches": report.batches,
        "version": stored.version if stored else None,
        "rows": report.counts.silver,
        "score": None if report.score is None else float(report.score),
    }
