"""The DAGs of a project as a whole: govern daily, maintain weekly; and where Airflow runs as services, attend and decide."""

from typing import Any

from airflow.sdk import DAG, Param, chain

from lakeward.contracts.project import Project
from lakeward.core.messages import text
from lakeward.core.settings import Settings
from lakeward.orchestration.schedules import (
    ASK_AGAIN,
    ASK_TIMES,
    ATTEND,
    ATTEND_INTERVAL,
    DAILY,
    DECIDE,
    GOVERN,
    MAINTAIN,
    RETRY,
    START,
    WEEKLY,
)
from lakeward.orchestration.tasks import (
    MAX_QUESTIONS,
    assess,
    audit_lineage,
    draft_catalogue,
    grade,
    maintain,
    notify,
    questions,
    release_cubes,
    score,
    scorecard,
    seal,
    watch_access,
)


def project_dags(settings: Settings, project: Project) -> list[DAG]:
    """The DAGs of the project."""
    always = [_govern_dag(project), _maintain_dag(project)]
    return [*always, _attend_dag(project), _decide_dag(settings, project)] if settings.airflow_services else always


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


def _attend_dag(project: Project) -> DAG:
    """Sends notices, and starts one run of the decide DAG for each question that has none."""
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator  # noqa: PLC0415  (only services use it)

    with DAG(f"{ATTEND}__{project.name}", schedule=ATTEND_INTERVAL, start_date=START, catchup=False, max_active_runs=1) as dag:
        dag.tags = {"lakeward", ATTEND}
        sending, asking = (task.override(**RETRY) for task in (notify, questions))
        sending(str(project.root))
        TriggerDagRunOperator.partial(
            task_id="ask",
            trigger_dag_id=f"{DECIDE}__{project.name}",
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
        ).expand_kwargs(asking(str(project.root)))
    return dag


def _decide_dag(settings: Settings, project: Project) -> DAG:
    """One run per question; a run that waits for an answer holds no slot of a worker."""
    from lakeward.orchestration.decision import LEFT_OPEN, DecisionOperator  # noqa: PLC0415  (as above)

    with DAG(
        f"{DECIDE}__{project.name}",
        schedule=None,
        start_date=START,
        catchup=False,
        max_active_runs=MAX_QUESTIONS,
        max_active_tasks=MAX_QUESTIONS,
    ) as dag:
        dag.tags = {"lakeward", DECIDE}
        DecisionOperator(
            task_id=DECIDE,
            root=str(project.root),
            question="{{ dag_run.conf['question'] }}",
            subject="{{ dag_run.conf['question'] }}",
            options=[text("question_approve", settings.lang), text("question_leave", settings.lang)],
            params={"reason": Param("", type="string", title=text("question_reason", settings.lang))},
            response_timeout=ASK_AGAIN,
            retries=ASK_TIMES,
            retry_delay=RETRY["retry_delay"],
            retry_policy=LEFT_OPEN,
        )
    return dag
