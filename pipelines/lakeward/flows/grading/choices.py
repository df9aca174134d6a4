"""A person's choice for a column's grade, checked and made into a decision. Stores nothing."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.spelling import did_you_mean
from lakeward.flows.base.identity import Identity
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import GradeRecord
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, default_level
from lakeward.grading.grade import ColumnGrade, Grade

# Value that removes a category.
NO_CATEGORY = "none"
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class GradeChoice:
    """A person's choice: an override if it has a grade, otherwise a confirmation.

    Args:
        by: Who decides; empty for the token's account.
        grade: `core`, `important` or `general`.
        level: 1 to 4, only for `general`; None keeps the current level, or takes the highest.
        category: A category of the catalogue, or `none` to remove it; None keeps the current one.
        approved_by: Account of the second person, if the grade or category is lowered; None finds any who approved it by
            `approve_grade`.
        impact: Whom a leak would harm and how badly, as `object:degree`; with it the grade follows by the matrix.
        transform: Name of the transform that made a derived column less sensitive than its sources; None keeps the current one.
        seen: `grade_mark` of the grade that the person saw; None to decide about whatever grade the column has.
    """

    by: str
    reason: str
    _: KW_ONLY
    grade: str | None = None
    level: int | None = None
    category: str | None = None
    approved_by: str | None = None
    transform: str | None = None
    impact: str | None = None
    seen: str | None = None


def find_column(workspace: Workspace, name: str) -> tuple[Contract, Column]:
    """Find the column `dataset.column`; the name may begin with a layer.

    Raises:
        UsageError: The dataset or column does not exist.
    """
    parts = name.split(".")
    # Names copied from SQL begin with the layer.
    dataset, column = parts[-2] if len(parts) > 1 else parts[0], parts[-1]
    contract = workspace.project.contract(dataset)
    try:
        return contract, contract.column(column if len(parts) > 1 else "")
    except KeyError:
        names = [c.name for c in contract.columns]
        raise UsageError(
            "grade_column_unknown", dataset=dataset, column=column, close=did_you_mean(column, names) or ", ".join(names[:8])
        ) from None


def make_decision(
    record: GradeRecord, contract: Contract, column: Column, choice: GradeChoice, identity: Identity
) -> GradeDecision:
    """The choice as a decision about the column's current grade. Does not check whether it is allowed.

    Raises:
        UsageError: The grade, level or category does not exist.
        ProtectionError: There is no grade to confirm.
    """
    now = record.current(contract)[column.name]
    proposal = record.proposals.get(contract.name, {}).get(column.name)
    latest = record.decisions.get(contract.name, {}).get(column.name)
    # What rests on a transform goes on to be checked after any later decision.
    kept = latest.transform if latest and not record.withdrawal(contract.name, column.name) else None
    standing, category = _chosen_sensitivity(now, contract, column, choice)
    return GradeDecision(
        column=column.name,
        type=str(column.type),
        action=DecisionAction.OVERRIDE if choice.grade else DecisionAction.CONFIRM,
        sensitivity=standing,
        category=category,
        seen=proposal.sensitivity if proposal else None,
        seen_category=proposal.category if proposal else None,
        decided_by=identity.name,
        reason=choice.reason,
        approved_by=choice.approved_by,
        transform=choice.transform or kept,
        verified=identity.verified,
        impact=choice.impact,
    )


def _chosen_sensitivity(
    now: ColumnGrade, contract: Contract, column: Column, choice: GradeChoice
) -> tuple[Sensitivity, str | None]:
    if choice.grade is None:
        if now.grade is None:
            raise ProtectionError("grade_nothing_to_confirm", dataset=contract.name, column=column.name)
        return Sensitivity(now.grade, now.level), now.category
    grade = Grade(check_name("grade", choice.grade, tuple(Grade)))
    if choice.level is not None and (grade is not Grade.GENERAL or choice.level not in LEVELS):
        raise UsageError("grade_level_unknown", grade=grade, found=choice.level)
    level = default_level(grade, now) if choice.level is None else choice.level
    if choice.category is None:
        return Sensitivity(grade, level), now.category
    return Sensitivity(grade, level), None if choice.category == NO_CATEGORY else choice.category


def check_name(kind: str, found: str, names: tuple[Any, ...]) -> str:
    """`found`, if it is one of the names.

    Raises:
        UsageError: It is not.
    """
    if found not in names:
        raise UsageError("grade_name_unknown", kind=kind, found=found, expected=", ".join(map(str, names)))
    return found
