"""A question under Airflow's Required Actions, whose answer is a decision of an account of the register.

Airflow signs the person in and says who answered; which account that is, LAKEWARD_APPROVERS says. The flow of the command line and the portal
writes the decision, once. Whatever goes wrong with an answer (no account, not the role, no reason, an answer before the question was stored)
writes nothing, and the question is asked again while it is open.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.core.messages import text
from lakeward.orchestration.schedules import ASK_AGAIN
from lakeward.orchestration.task_settings import task_settings

# Seconds until a person is asked again whose answer could not be taken.
CORRECTION = timedelta(seconds=5)


class QuestionLeftOpen(AirflowException):
    """A person left the question open."""


LEFT_OPEN = ExceptionRetryPolicy(
    [
        RetryRule(QuestionLeftOpen, RetryAction.RETRY, retry_delay=ASK_AGAIN),
        RetryRule(Exception, RetryAction.RETRY, retry_delay=CORRECTION),
    ]
)


class DecisionOperator(HITLOperator):
    """Asks one question, and takes the decision.

    Args:
        root: The project's folder.
        question: Id of the question.
    """

    template_fields = (*HITLOperator.template_fields, "question")

    def __init__(self, *, root: str, question: str, **options: Any) -> None:
        super().__init__(**options)
        self.root = root
        self.question = question

    def execute(self, context: Any) -> None:
        """Ask, unless the question is not open any more.

        Raises:
            AirflowSkipException: It was decided elsewhere, or what it asks about has changed.
        """
        from lakeward.flows import open_questions  # noqa: PLC0415  (imports DuckDB)

        settings = task_settings(self.root)
        found = next((each for each in open_questions(settings) if each.id == self.question), None)
        if found is None:
            raise AirflowSkipException(text("question_closed", settings.lang, question=self.question))
        self.subject = text(found.text.code, settings.lang, **found.text.facts)
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> str:
        """Take the answer; returns the id of the question that was decided.

        Raises:
            QuestionLeftOpen: The person left it open.
            ProtectionError: Airflow does not say who answered, the person has no account, or not the role that this takes.
            UsageError: There is no reason, or the question was decided meanwhile.
            StoreConflictError: As `answer_question`.
        """
        from lakeward.flows import answer_question  # noqa: PLC0415  (imports DuckDB)

        answer = super().execute_complete(context, event)
        settings, user = task_settings(self.root), (answer["responded_by_user"] or {}).get("id")
        if not user:
            raise ProtectionError("question_unsigned")
        if text("question_approve", settings.lang) not in answer["chosen_options"]:
            raise QuestionLeftOpen(text("question_left", settings.lang, user=user))
        reason = str(answer["params_input"].get("reason", ""))
        try:
            decided = answer_question(replace(settings, approver=user), self.question, reason)
        except LakewardError as error:
            self.log.error(error.render(settings.lang))  # noqa: TRY400 -- Airflow adds the trace
            raise
        self.log.info(text("question_decided", settings.lang, user=user, subject=f"{decided.dataset} {decided.subject}"))
        return decided.id
