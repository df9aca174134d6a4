"""Runs the DAGs in this process, on Airflow without services; its SQLite and logs are in `<project>/.airflow`.

Reads the state of every DAG run, since `dag.test()` does not raise.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import active_contract, dependency_order

if TYPE_CHECKING:
    from airflow.sdk import DAG

DAGS_FILE = "lakeward_dags.py"
# Environment variable with the DAG that this process is about to run; the factory creates no other.
PARSED_DAG_VARIABLE = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """The result of one DAG run.

    Args:
        dataset: Name of the dataset; for the govern DAG, of the project.
        state: Airflow's state: `success` or `failed`.
        seconds: Wall time of the DAG run.
        ids: Results of the task: `run_id` and `batches`; empty after a failure.
        error: The error of the task; None after a success.
    """

    dag_id: str
    dataset: str
    state: str
    seconds: float
    ids: Mapping[str, object]
    error: BaseException | str | None = None


def run_local(settings: Settings, names: Sequence[str], on_progress: Callable[[LocalRun], None]) -> list[LocalRun]:
    """Run the DAGs of `names` (none: of all datasets, then the govern DAG) in dependency order; returns the results.

    Raises:
        UsageError: The project has no `dags/lakeward_dags.py`, or there is no such dataset, or it is retired.
        MachineError: Airflow is not installed.
        ContractError: A contract is not valid: nothing is run.
    """
    project = load_project(find_project(settings.start))
    ordered = [name for name in dependency_order(project) if name in (names or project.datasets())]
    for name in names:
        active_contract(project, name)
    _prepare_airflow(project.root)
    from lakeward.orchestration.factory import dags  # noqa: PLC0415  (imports Airflow, which reads its environment once)
    from lakeward.orchestration.schedules import BACKFILL, GOVERN, PROJECT_DAGS  # noqa: PLC0415  (as above)

    dags_by_id = dags(project.root)
    by_dataset = {
        dag_id.partition("__")[2]: dag
        for dag_id, dag in dags_by_id.items()
        if dag_id.partition("__")[0] not in (*PROJECT_DAGS, BACKFILL)
    }
    selected = [(by_dataset[name], name) for name in ordered]
    if not names:
        selected.append((dags_by_id[f"{GOVERN}__{project.name}"], project.name))
    runs = []
    with _restore_signals():
        for dag, name in selected:
            run = _run_dag(dag, name)
            on_progress(run)
            runs.append(run)
    return runs


def airflow_environment(root: Path) -> Mapping[str, str]:
    """Airflow's settings for one process without services, from the project's folder."""
    home = root / ".airflow"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        # Lakeward is the only emitter of lineage (docs/explanation/lineage.md).
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        # The error of a task is returned; Airflow's stack trace would repeat it.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        # With the default of 5 s a finished task can stay unnoticed for as long.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }


def set_environment(variables: Mapping[str, str]) -> None:
    """Set Airflow's settings for this process and those that it starts; before Airflow is imported."""
    os.environ.update(variables)  # noqa: TID251  (Airflow takes its settings from nowhere else)


def check_dags_file(root: Path) -> None:
    """Check that the project has the file that Airflow reads.

    Raises:
        UsageError: It has not.
    """
    if not (root / "dags" / DAGS_FILE).is_file():
        raise UsageError("dags_file_missing", file=f"dags/{DAGS_FILE}", project=root.name)


def _prepare_airflow(root: Path) -> None:
    """Set Airflow's environment before its first import, and create its database if there is none."""
    check_dags_file(root)
    set_environment(airflow_environment(root))
    try:
        from airflow.utils.db import initdb  # noqa: PLC0415  (the environment comes first)
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="airflow") from error
    initdb()


def _run_dag(dag: "DAG", name: str) -> LocalRun:
    os.environ[PARSED_DAG_VARIABLE] = dag.dag_id  # noqa: TID251  (else every run parses and stores every DAG of the project)
    errors: list[BaseException | str | None] = []
    ids: dict[str, object] = {}
    for task in dag.tasks:
        task.on_failure_callback = [lambda context: errors.append(context["exception"])]
        task.on_success_callback = task.on_skipped_callback = [lambda context: ids.update(_task_facts(context))]
    start = monotonic()
    ended = dag.test()
    return LocalRun(
        dag_id=dag.dag_id,
        dataset=name,
        state=str(ended.state),
        seconds=monotonic() - start,
        ids=ids,
        error=next(iter(errors), None),
    )


def _task_facts(context: Mapping[str, Any]) -> Mapping[str, object]:
    """Facts that a task attached to its assets; the govern DAG has none."""
    return {key: value for outlet in context["task"].outlets for key, value in context["outlet_events"][outlet].extra.items()}


@contextmanager
def _restore_signals() -> Iterator[None]:
    """Restore the SIGTERM handler: `dag.test()` leaves one that ignores the signal."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        os.environ.pop(PARSED_DAG_VARIABLE, None)  # noqa: TID251  (set for the runs above alone)
