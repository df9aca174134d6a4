"""When DAGs run, what their ids begin with, and what of a failed task is tried again."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from lakeward.core.errors import TransientError

# Default interval of polling a drop folder, unless the contract needs fresher data.
POLL_INTERVAL = timedelta(hours=1)
# The same of segments and databases, which a collector or others fill without a pause.
STREAM_INTERVAL = timedelta(minutes=5)
# Grades, readiness and the page should be ready in the morning.
DAILY = timedelta(days=1)
# A week's files are compacted quickly, and expired files use disk space for a week at most.
WEEKLY = timedelta(weeks=1)
# A poll costs about a second of one core: a shorter interval needs a streaming source.
MIN_POLL_INTERVAL = timedelta(minutes=1)
# What waits for a person, or is late, is noticed within this time.
ATTEND_INTERVAL = timedelta(minutes=10)
# A question without an answer is asked again, if it is still open.
ASK_AGAIN = timedelta(hours=4)
# Times that a question is asked: for 12 weeks if there is no answer.
ASK_TIMES = 500
# A timedelta schedule needs a start; any past time works while catch-up is off.
START = datetime(2026, 1, 1, tzinfo=UTC)
# Only transient errors are retried; a wrong contract or a defect fails at once.
RETRY = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_policy": ExceptionRetryPolicy([RetryRule(TransientError, RetryAction.RETRY)], default=RetryAction.FAIL),
}
INGEST, CURATE, BACKFILL, GOVERN, MAINTAIN, BROKEN = "ingest", "curate", "backfill", "govern", "maintain", "broken"
ATTEND, DECIDE = "attend", "decide"
# DAGs of the whole project.
PROJECT_DAGS = (GOVERN, MAINTAIN, ATTEND, DECIDE)
