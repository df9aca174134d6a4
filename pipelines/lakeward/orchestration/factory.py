"""Creates DAGs from contracts: one ingest DAG per source, one curate DAG per gold model, and two for the whole project.

A table of a database can be read again by days, so its dataset has a second DAG for Airflow's own backfill; it is paused until someone wants it.

One flow per task. Once a day columns are graded, readiness assessed and scores stored; once a week tables are maintained.

Airflow reads this at every parse and before every task, so nothing here reads data, or contracts that are not needed.
A run without new data emits no asset event, unless a gold dataset still waits: the event of a run killed between its last commit and
its asset event is sent by the next run.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    CronDataIntervalTimetable,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    chain,
    get_parsing_context,
)

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project, find_project, load_project
from lakeward.contracts.source import SqlSource
from lakeward.core.errors import LakewardError, MachineError, TransientError
from lakeward.core.names import TableName
from lakeward.core.settings import SPARK, Settings, SparkSettings
from lakeward.orchestration.describe import describe_contract
from lakeward.orchestration.tasks import (
    assess,
    audit_lineage,
    backfill,
    curate,
    draft_catalogue,
    fail,
    grade,
    ingest,
    maintain,
    release_cubes,
    score,
    scorecard,
    seal,
    watch_access,
)

# Default interval of polling a drop folder, unless the contract needs fresher data.
POLL_INTERVAL = timedelta(hours=1)
# Grades, readiness and the page should be ready in the morning.
DAILY = timedelta(days=1)
# A week's files are compacted quickly, and expired files use disk space for a week at most.
WEEKLY = timedelta(weeks=1)
# A poll costs about a second of one core: a shorter interval needs a streaming source.
MIN_POLL_INTERVAL = timedelta(minutes=1)
# A timedelta schedule needs a start; any past time works while catch-up is off.
START = datetime(2026, 1, 1, tzinfo=UTC)
# Only transient errors are retried; a wrong contract or a defect fails at once.
RETRY = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_policy": ExceptionRetryPolicy([RetryRule(TransientError, RetryAction.RETRY)], default=RetryAction.FAIL),
}
INGEST, CURATE, BACKFILL, GOVERN, MAINTAIN, BROKEN = "ingest", "curate", "backfill", "govern", "maintain", "broken"
# DAGs of the whole project.
PROJECT_DAGS = (GOVERN, MAINTAIN)


def dags(path: Path | str) -> dict[str, DAG]:
    """The DAGs, by id, of the project that contains the path `inside`; only the DAG of the task if Airflow is about to run one.

    An invalid contract becomes one DAG tagged `broken`, which fails with the message; other DAGs are not affected. A retired dataset has none.

    Raises:
        UsageError: There is no project.
        SettingsError: `project.yaml`, or the environment, is not valid.
    """
    settings = Settings.load(Path(path))
    project = load_project(find_project(settings.start))
    dags_made = [dag for name in project.datasets() if _is_needed(name) for dag in _dataset_dags(settings, project, name)]
    if _is_needed(project.name):
        dags_made += [_govern_dag(project), _maintain_dag(project)]
    return {dag.dag_id: dag for dag in dags_made}


def dag_id(contract: Contract) -> str:
    """`ingest__<dataset>` if rows come from a source, `curate__<dataset>` if a model computes them."""
    return f"{CURATE if contract.model else INGEST}__{contract.name}"


def asset(project: str, table: TableName) -> Asset:
    """The table's asset, named as in lineage."""
    return Asset(f"lakeward://{project}/{table}")


def _is_needed(name: str) -> bool:
    """Whether this process needs the dataset's DAG; decided by name, so that no other contract is read."""
    only = get_parsing_context().dag_id
    return only is None or only.partition("__")[2] == name


def _dataset_dags(settings: Settings, project: Project, name: str) -> list[DAG]:
    """The DAG of a dataset, and the one that reads days again; none if it is retired."""
    try:
        contract = project.contract(name)
        if contract.retired:
            return []
        with _contract_dag(contract, _schedule(project, contract)) as dag:
            _add_task(settings, project, contract)
    except LakewardError as error:
        return [_broken_dag(name, str(error))]
    return [dag, *([_backfill_dag(project, contract)] if can_backfill(contract) else [])]


def can_backfill(contract: Contract) -> bool:
    """Whether days of the dataset can be read again: from a database, by the time column, and a row that came before is known."""
    known = bool(contract.primary_key) or contract.duplicates_exact
    return isinstance(contract.source, SqlSource) and contract.time_column is not None and known


def _backfill_dag(project: Project, contract: Contract) -> DAG:
    """One run per day of the plant; paused, since the ingest DAG reads what is new by itself."""
    days = CronDataIntervalTimetable("0 0 * * *", timezone=contract.record_format.zone or project.zone)
    with _contract_dag(contract, days, f"{BACKFILL}__{contract.name}") as dag:
        dag.is_paused_upon_creation = True
        task: Any = backfill.override(outlets=[asset(project.name, contract.table(contract.layer))])
        task(str(project.root), contract.name)
    return dag


def _schedule(project: Project, contract: Contract) -> timedelta | AssetAny:
    if contract.model is None:
        return _poll_interval(contract)
    return AssetAny(*(asset(project.name, table) for table in contract.model.inputs))


def _add_task(settings: Settings, project: Project, contract: Contract) -> None:
    """The DAG's single task: in the worker's process, or submitted to the Spark cluster."""
    flow, outlets = curate if contract.model else ingest, [asset(project.name, contract.table(contract.layer))]
    if settings.spark.submit and project.engine_for(contract, settings.engine) == SPARK:
        _submitter()(CURATE if contract.model else INGEST, project.root, contract.name, settings.spark, outlets)
    else:
        task: Any = flow.override(outlets=outlets)
        task(str(project.root), contract.name)


def _submitter() -> Callable[[str, Path, str, SparkSettings, list[Asset]], None]:
    try:
        from lakeward.orchestration.submit import submit  # noqa: PLC0415  (imports Airflow's provider of Spark)
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="airflow-spark") from error
    return submit


def _govern_dag(project: Project) -> DAG:
    """The govern DAG: grades first, since readiness counts them; then the page, which shows all; the seals last, over all of it.

    The catalogue of important data, cubes, the audit of lineage and the watch of the access log follow grading beside them: what they
    find stops no other task.
    """
    with DAG(f"{GOVERN}__{project.name}", schedule=DAILY, start_date=START, catchup=False, max_active_runs=1) as dag:
        dag.tags = {"lakeward", GOVERN}
        steps: list[Any] = [task.override(**RETRY)(str(project.root)) for task in (grade, assess, score, scorecard, seal)]
        chain(*steps)
        beside: list[Any] = [
            task.override(**RETRY)(str(project.root)) for task in (draft_catalogue, release_cubes, audit_lineage, watch_access)
        ]
        chain(steps[0], beside)
    return dag


def _maintain_dag(project: Project) -> DAG:
    with DAG(f"{MAINTAIN}__{project.name}", schedule=WEEKLY, start_date=START, catchup=False, max_active_runs=1) as dag:
        dag.tags = {"lakeward", MAINTAIN}
        task: Any = maintain.override(**RETRY)
        task(str(project.root))
    return dag


def _contract_dag(contract: Contract, schedule: timedelta | AssetAny | CronDataIntervalTimetable, name: str | None = None) -> DAG:
    return DAG(
        name or dag_id(contract),
        schedule=schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={"owner": contract.owner, **RETRY},
        tags={"lakeward", contract.layer},
        doc_md=describe_contract(contract),
    )


def _broken_dag(name: str, message: str) -> DAG:
    with DAG(f"{BROKEN}__{name}", schedule=POLL_INTERVAL, start_date=START, catchup=False, max_active_runs=1) as dag:
        dag.tags = {"lakeward", BROKEN}
        dag.doc_md = message
        fail(message)
    return dag


def _poll_interval(contract: Contract) -> timedelta:
    """Half the freshness of the contract: a file that arrives just after a poll is still in time at the next."""
    promised = contract.sla.freshness_seconds
    if promised is None:
        return POLL_INTERVAL
    return max(MIN_POLL_INTERVAL, min(POLL_INTERVAL, timedelta(seconds=promised) / 2))
