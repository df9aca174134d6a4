"""The functions of the tasks: each calls one flow. Flows are imported when a task runs, never when a DAG is parsed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import MachineError, TransientError
from lakeward.core.messages import text
from lakeward.core.settings import Settings
from lakeward.orchestration.schedules import DECIDE
from lakeward.orchestration.task_settings import task_settings

if TYPE_CHECKING:
    from lakeward.flows import RunReport

# Why a batch is halted.
HALT_NOTES = ("batch_halted", "batch_replaces_rows", "batch_lacks_columns")
# Questions that are put at the same time; those of halted batches come first.
MAX_QUESTIONS = 200
Facts = dict[str, Any]


@task
def ingest(root: str, name: str) -> Facts:
    """Ingest new input of the dataset `name` of the project at `root`."""
    from lakeward.flows import ingest_dataset  # noqa: PLC0415  (imports DuckDB)

    settings = task_settings(root)
    return _finish_task(settings, ingest_dataset(settings, name))


@task
def backfill(root: str, name: str) -> Facts:
    """Read the rows of the run's day again, or for the first time, from the database of the dataset `name`.

    Raises:
        AirflowFailException: The run has no day: it was started by hand without a logical date.
    """
    from lakeward.flows import Span, backfill_dataset  # noqa: PLC0415  (imports DuckDB)

    settings, context = task_settings(root), get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        raise AirflowFailException(text("backfill_without_day", settings.lang, dataset=name))
    return _finish_task(settings, backfill_dataset(settings, name, Span(start.isoformat(), end.isoformat())))


@task
def curate(root: str, name: str) -> Facts:
    """Recompute the windows of the gold dataset `name` that new rows touch."""
    from lakeward.flows import curate_dataset  # noqa: PLC0415  (imports DuckDB)

    settings = task_settings(root)
    return _finish_task(settings, curate_dataset(settings, name))


@task
def grade(root: str) -> None:
    """Grade every column of the project; unchanged datasets are skipped."""
    from lakeward.flows import grade_all  # noqa: PLC0415  (imports DuckDB)

    grade_all(task_settings(root))


@task
def draft_catalogue(root: str) -> None:
    """Record changes of the catalogue of important data, so that their periods run from today."""
    from lakeward.flows import draft_catalogue as draft  # noqa: PLC0415  (imports DuckDB)

    draft(task_settings(root))


@task
def assess(root: str) -> None:
    """Assess the readiness of the lake."""
    from lakeward.flows import assess_readiness as assess_all  # noqa: PLC0415  (imports DuckDB)

    assess_all(task_settings(root))


@task
def score(root: str) -> None:
    """Store the current score of the estate."""
    from lakeward.flows import store_estate_score  # noqa: PLC0415  (imports DuckDB)

    store_estate_score(task_settings(root))


@task
def scorecard(root: str) -> None:
    """Write the static scorecard."""
    from lakeward.portal.export import build_scorecard  # noqa: PLC0415  (imports DuckDB)

    build_scorecard(task_settings(root))


@task
def audit_lineage(root: str) -> None:
    """Audit lineage.

    Raises:
        AirflowFailException: There are findings; each with its owner and its repair.
    """
    from lakeward.flows import audit_lineage as audit  # noqa: PLC0415  (imports DuckDB)

    settings = task_settings(root)
    found = audit(settings)
    if found:
        lines = [f"{text(each.code, settings.lang, **each.facts)} {each.owner or '-'}: {each.repair}" for each in found]
        raise AirflowFailException("\n".join(lines))


@task
def release_cubes(root: str) -> None:
    """Release the groups of every cube whose table has changed.

    Raises:
        AirflowFailException: A definition waits for its approval, or a budget of noise is spent: no retry helps.
        LakewardError: A release failed; the others are done.
    """
    from lakeward.flows import release_cubes as release_all  # noqa: PLC0415  (imports DuckDB)

    settings = task_settings(root)
    _, failed = release_all(settings)
    for error in failed.values():
        if isinstance(error, TransientError):
            raise error
    if failed:
        raise AirflowFailException("\n".join(f"{name}: {error.render(settings.lang)}" for name, error in failed.items()))


@task
def watch_access(root: str) -> None:
    """Watch the access log.

    Raises:
        AirflowFailException: There are new findings; each with its owner and its deadline.
    """
    from lakeward.flows import watch_access as watch  # noqa: PLC0415  (imports DuckDB)

    settings = task_settings(root)
    found = watch(settings)
    if found:
        rules = {each.rule: text(f"misuse_{each.rule}", settings.lang) for each in found}
        lines = [
            f"{each.finding} {each.on_day} {each.account} {each.subject}: {rules[each.rule]} ({each.owner}, {each.due})"
            for each in found
        ]
        raise AirflowFailException("\n".join(lines))


@task
def seal(root: str) -> None:
    """Seal the logs, and send their checkpoint."""
    from lakeward.flows import seal_logs  # noqa: PLC0415  (imports DuckDB)

    unsent = sorted({target for seal in seal_logs(task_settings(root)) for target in seal.unsent})
    if unsent:
        raise MachineError("checkpoint_unsent", targets=", ".join(unsent))


@task
def maintain(root: str) -> None:
    """Compact and vacuum the tables of the lake.

    Raises:
        LakewardError: A table failed; the others are done.
    """
    from lakeward.flows import maintain as maintain_all  # noqa: PLC0415  (imports DuckDB)

    _, failed = maintain_all(task_settings(root))
    for error in failed.values():
        raise error


@task
def notify(root: str) -> None:
    """Send notices that are due.

    Raises:
        TransientError: Some could not be sent; they are sent at the next run.
    """
    from lakeward.flows import send_notices  # noqa: PLC0415  (imports DuckDB)

    unsent = send_notices(task_settings(root)).unsent
    if unsent:
        raise TransientError(unsent[0].code, **unsent[0].facts)


@task
def questions(root: str) -> list[dict[str, Any]]:
    """Questions that wait for a person and are not asked yet, as runs of the DAG that asks them: a question is one run."""
    from lakeward.flows import open_questions  # noqa: PLC0415  (imports DuckDB)

    asked, dag = get_current_context()["ti"].get_dr_count, f"{DECIDE}__{load_project(find_project(Path(root))).name}"
    ids = [question.id for question in open_questions(task_settings(root))[:MAX_QUESTIONS]]
    return [{"trigger_run_id": id_, "conf": {"question": id_}} for id_ in ids if not asked(dag_id=dag, run_ids=[id_])]


@task
def fail(message: str) -> None:
    """Fail with the message of a contract that is not valid."""
    raise AirflowFailException(message)


def _finish_task(settings: Settings, report: "RunReport") -> Facts:
    """Log what the run did, attach its facts to the asset event that starts the gold DAGs, and return them for the next task.

    Raises:
        AirflowFailException: A batch is halted, or too many records are rejected: no retry helps.
        AirflowSkipException: The run found nothing new, and no gold dataset waits for an earlier one: there is nothing to tell.
    """
    from lakeward.flows import asset_facts, has_waiting_gold, log_run  # noqa: PLC0415  (imports DuckDB)

    lang = settings.lang
    log_run(report, lang)
    if report.halted:
        raise AirflowFailException("\n".join(text(code, lang, **facts) for code, facts in report.warnings if code in HALT_NOTES))
    if report.rejected:
        raise AirflowFailException("\n".join(f"{report.dataset}: {text(code, lang, **facts)}" for code, facts in report.rejected))
    facts: Facts = {**asset_facts(settings, report)}
    context = get_current_context()
    for outlet in context["task"].outlets:
        context["outlet_events"][outlet].extra = facts
    if not report.batches and not has_waiting_gold(settings, report.dataset):
        raise AirflowSkipException(text("run_nothing_new", lang, dataset=report.dataset))
    return facts
