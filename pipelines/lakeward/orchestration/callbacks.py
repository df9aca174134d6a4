"""What happens when a task of a dataset has failed for good, or its run is overdue: people who subscribed get a notice.

Airflow calls these; an error here is in its log, and changes nothing of the run.
"""

from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from lakeward.core.errors import LakewardError
from lakeward.orchestration.task_settings import task_settings


def on_failure(root: str, name: str, known: str | None = None) -> Callable[[Mapping[str, Any]], None]:
    """The callback of the tasks of a dataset of the project at `root`.

    Args:
        known: Code of the error, if it was known when the DAG was made; None if it is that of the task.
    """

    def notify_subscribers(context: Mapping[str, Any]) -> None:
        from lakeward.flows import notify_failure, send_notices  # noqa: PLC0415  (imports DuckDB)

        settings, error = task_settings(root), context.get("exception")
        if known is None and isinstance(
            error, AirflowFailException
        ):  # a halted batch or rejected files: the lake says more of it
            send_notices(settings)
            return
        code = known or (error.code if isinstance(error, LakewardError) else type(error).__name__)
        notify_failure(settings, name, code, link=getattr(context.get("ti"), "log_url", None))

    return notify_subscribers


def notify_overdue_run(root: str, dataset: str, context: Mapping[str, Any] | None = None) -> None:
    """The callback of a deadline that was missed."""
    from lakeward.flows import notify_overdue  # noqa: PLC0415  (imports DuckDB)

    run = (context or {}).get("dag_run") or {}
    notify_overdue(task_settings(root), dataset, str(run.get("dag_run_id") or run.get("run_id")))
