"""Creates DAGs from contracts: one ingest DAG per source, one curate DAG per gold model, and those of the whole project.

A table of a database can be read again by days, so its dataset has a second DAG for Airflow's own backfill; it is paused until someone wants it.

One flow per task. Once a day columns are graded, readiness assessed and scores stored; once a week tables are maintained.

Airflow reads this at every parse and before every task, so nothing here reads data, or contracts that are not needed.
A run without new data emits no asset event, unless a gold dataset still waits: the event of a run killed between its last commit and
its asset event is sent by the next run.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    CronDataIntervalTimetable,
    get_parsing_context,
)
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project, find_project, load_project
from lakeward.contracts.source import LANDED_SOURCES, SPAN_SOURCES
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.names import TableName
from lakeward.core.settings import SPARK, Settings, SparkSettings
from lakeward.orchestration.callbacks import notify_overdue_run, on_failure
from lakeward.orchestration.describe import describe_contract
from lakeward.orchestration.pool_names import pool_name
from lakeward.orchestration.project_dags import project_dags
from lakeward.orchestration.schedules import (
    BACKFILL,
    BROKEN,
    CURATE,
    INGEST,
    MIN_POLL_INTERVAL,
    POLL_INTERVAL,
    RETRY,
    START,
    STREAM_INTERVAL,
)
from lakeward.orchestration.tasks import backfill, curate, fail, ingest


def dags(path: Path | str) -> dict[str, DAG]:
    """The DAGs, by id, of the project that contains the path `inside`; only the DAG of the task if Airflow is about to run one.

    An invalid contract becomes one DAG tagged `broken`, which fails with the message; other DAGs are not affected. A retired dataset has none.

    Raises:
        UsageError: There is no project.
        SettingsError: `project.yaml`, or the environment, is not valid.
    """
    settings = Settings.load(Path(path))
    project = load_project(find_project(settings.start))
    with _without_collection():
        dags_made = [dag for name in project.datasets() if _is_needed(name) for dag in _dataset_dags(settings, project, name)]
    if _is_needed(project.name):
        dags_made += project_dags(settings, project)
    return {dag.dag_id: dag for dag in dags_made}


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: there is none among thousands of DAGs, and each look goes over all of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
        with _contract_dag(settings, project, contract, _schedule(project, contract)) as dag:
            _add_task(settings, project, contract)
    except LakewardError as error:
        return [_broken_dag(settings, project, name, error)]
    return [dag, *([_backfill_dag(settings, project, contract)] if can_backfill(contract) else [])]


def can_backfill(contract: Contract) -> bool:
    """Whether days of the dataset can be read again: from a database or a history, by the time column, and a row that came before is known."""
    known = bool(contract.primary_key) or contract.duplicates_exact
    return isinstance(contract.source, SPAN_SOURCES) and contract.time_column is not None and known


def _backfill_dag(settings: Settings, project: Project, contract: Contract) -> DAG:
    """One run per day of the plant; paused, since the ingest DAG reads what is new by itself."""
    days = CronDataIntervalTimetable("0 0 * * *", timezone=contract.record_format.zone or project.zone)
    with _contract_dag(settings, project, contract, days, f"{BACKFILL}__{contract.name}") as dag:
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


def _contract_dag(
    settings: Settings,
    project: Project,
    contract: Contract,
    schedule: timedelta | AssetAny | CronDataIntervalTimetable,
    name: str | None = None,
) -> DAG:
    return DAG(
        name or dag_id(contract),
        schedule=schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": contract.owner,
            **RETRY,
            **(_service_options(project, contract) if settings.airflow_services else {}),
        },
        tags={"lakeward", contract.layer},
        doc_md=describe_contract(contract),
        deadline=_deadline(project, contract) if settings.airflow_services and name is None else None,
    )


def _service_options(project: Project, contract: Contract) -> dict[str, object]:
    """Options of tasks where Airflow runs as services."""
    failed = on_failure(str(project.root), contract.name)
    return {"pool": pool_name(project.name, contract.name), "on_failure_callback": failed}


def _deadline(project: Project, contract: Contract) -> DeadlineAlert | None:
    """A run has to end within the freshness of the contract; None if it promises none."""
    promised = contract.sla.freshness_seconds
    if promised is None:
        return None
    facts = {"root": str(project.root), "dataset": contract.name}
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(seconds=promised),
        callback=SyncCallback(notify_overdue_run, kwargs=facts),
    )


def _broken_dag(settings: Settings, project: Project, name: str, error: LakewardError) -> DAG:
    message = str(error)
    with DAG(f"{BROKEN}__{name}", schedule=POLL_INTERVAL, start_date=START, catchup=False, max_active_runs=1) as dag:
        dag.tags = {"lakeward", BROKEN}
        dag.doc_md = message
        told: Any = {"on_failure_callback": on_failure(str(project.root), name, error.code)} if settings.airflow_services else {}
        fail.override(**told)(message)
    return dag


def _poll_interval(contract: Contract) -> timedelta:
    """The contract's schedule; else half its freshness: a file that arrives just after a poll is still in time at the next."""
    if contract.sla.run_seconds is not None:
        return timedelta(seconds=contract.sla.run_seconds)
    usual = STREAM_INTERVAL if isinstance(contract.source, LANDED_SOURCES) else POLL_INTERVAL
    promised = contract.sla.freshness_seconds
    if promised is None:
        return usual
    return max(MIN_POLL_INTERVAL, min(usual, timedelta(seconds=promised) / 2))
