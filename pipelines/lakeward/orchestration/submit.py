"""A task that submits a flow to a cluster. Imports Airflow's Spark provider, so only projects that submit load it.

One submission is one driver and one session. A retried task submits again and does not look for the driver of the earlier
attempt: its commits are in the tables (docs/explanation/laws.md, 4), and if it still runs, one of the two wins.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from lakeward.core.errors import ExitCode, TransientError
from lakeward.core.settings import SparkSettings
from lakeward.flows import spark_jars

APPLICATION = Path(__file__).with_name("submitted.py")
# Pattern of the exit code in the provider's error.
_CODE = re.compile(r"Error code is: (-?\d+)")
_NOT_RETRYABLE = {ExitCode.WRONG_USE, ExitCode.REFUSED}


class SubmittedFlow(SparkSubmitOperator):
    """One flow over one dataset, by spark-submit. Its output, and in client mode the driver's whole log, is the task's log."""

    def execute(self, context: Any) -> None:
        """Submit and wait.

        Raises:
            AirflowFailException: The flow failed; a retry does not help.
            TransientError: Any other failure: the cluster, the network, a lost executor.
        """
        try:
            super().execute(context)
        except (AirflowException, RuntimeError) as error:
            code = _CODE.search(str(error))
            ended = int(code[1]) if code else None
            if ended in _NOT_RETRYABLE:
                raise AirflowFailException(f"spark-submit ended with {ended}; its last lines are above") from error
            raise TransientError("spark_submit_failed", task=self.task_id, code="-" if ended is None else ended) from error


def submit(flow: str, root: Path, name: str, spark: SparkSettings, outlets: Sequence[Asset]) -> None:
    """Add the task to the current DAG.

    Args:
        flow: Name of the task.
        root: The project's folder on the driver's machine.
    """
    SubmittedFlow(
        task_id=flow,
        application=str(APPLICATION),
        application_args=["--project", str(root), name],
        conn_id=str(spark.submit),
        conf=dict(spark.conf),
        jars=",".join(map(str, spark_jars(spark))) or None,
        name=f"lakeward {name}",
        durable=False,
        outlets=[*outlets],
    )
