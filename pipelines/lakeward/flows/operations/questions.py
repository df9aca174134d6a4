"""Questions that wait for a person, for programs that put them to one: a halted batch, and a proposed grade.

The answer is the same decision as that of the command line and the portal, written by the same flows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.grading.answers import grade_mark
from lakeward.flows.grading.choices import GradeChoice
from lakeward.flows.grading.decide import decide_grade
from lakeward.flows.grading.records import WAITING, GradeRecord, read_grade_record
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.signing import STEWARD_ROLE
from lakeward.flows.steward.replay import release_batch
from lakeward.grading.decision import grade_text
from lakeward.quality.rule import Outcome, Severity

# Digits of the hash in a question's id.
ID_DIGITS = 12


class QuestionKind(StrEnum):
    """What is asked."""

    RELEASE = "release"
    GRADE = "grade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A decision that waits for a person.

    Args:
        kind: What is asked.
        dataset: Name of the dataset.
        subject: The batch's number, or the column.
        seen: `grade_mark` of the grade that is asked about; empty for a batch.
        text: The question as a message, with facts: rules, grade; no value of the data.
    """

    kind: QuestionKind
    dataset: str
    subject: str
    seen: str
    text: Notice

    @property
    def id(self) -> str:
        """The same for the same question, another where what is asked about has changed."""
        digits = sha256(f"{self.dataset}\n{self.subject}\n{self.seen}".encode())[:ID_DIGITS]
        return f"{self.kind}__{self.dataset}__{digits}"

    def as_dict(self) -> dict[str, object]:
        """Documented keys.

        Returns:
            id: Id of the question: the same for the same question.
        """
        return {"id": self.id, **fields_of(self)}


def open_questions(settings: Settings) -> list[Question]:
    """What waits for a decision: halted batches first, then proposed and outdated grades.

    Columns without any grade are left out: nothing is proposed for them that a person could agree with.
    """
    workspace = open_workspace(settings)
    contracts = workspace.project.valid_contracts()
    with workspace.engine() as engine:
        active = {name for name, contract in contracts.items() if not contract.retired}
        halted = [question for question in _halted_questions(engine) if question.dataset in active]
        record = read_grade_record(engine)
        return [*halted, *(each for contract in contracts.values() for each in _grade_questions(contract, record))]


def answer_question(settings: Settings, question_id: str, reason: str) -> Question:
    """Decide what a question asks: release the batch, or confirm the grade.

    Args:
        settings: With what proves who decides.
        question_id: Id of an open question.

    Raises:
        UsageError: The question is not open any more, or no reason is given.
        ProtectionError: Who decides has no account, or not the role that this takes.
        StoreConflictError: Another decision about the same was made at the same time.
    """
    question = next((each for each in open_questions(settings) if each.id == question_id), None)
    if question is None:
        raise UsageError("question_closed", question=question_id)
    if question.kind is QuestionKind.RELEASE:
        release_batch(settings, question.dataset, int(question.subject), Signature(by="", role=STEWARD_ROLE, reason=reason))
    else:
        choice = GradeChoice(by="", reason=reason, seen=question.seen)
        decide_grade(settings, f"{question.dataset}.{question.subject}", choice)
    return question


def _halted_questions(engine: Engine) -> Iterator[Question]:
    for dataset, batch in halted_batches(engine).items():
        halting = equals(severity=Severity.HALT, outcome=Outcome.FAIL)
        failed = governance.read_rows(engine, "verdicts", halting, dataset=dataset, batch_seq=batch)
        facts = {"dataset": dataset, "batch": batch, "rules": ", ".join(sorted({row["rule_id"] for row in failed}))}
        yield Question(
            kind=QuestionKind.RELEASE,
            dataset=dataset,
            subject=str(batch),
            seen=str(max(row["generation"] for row in failed)),
            text=Notice("question_release", facts),
        )


def _grade_questions(contract: Contract, record: GradeRecord) -> Iterator[Question]:
    for column, grade in record.current(contract).items():
        if grade.grade is None or grade.state not in WAITING:
            continue
        facts = {"dataset": contract.name, "column": column, "grade": grade_text(grade)}
        yield Question(
            kind=QuestionKind.GRADE,
            dataset=contract.name,
            subject=column,
            seen=grade_mark(grade),
            text=Notice("question_grade", facts),
        )
