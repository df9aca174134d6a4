"""Records a person's decision about a column's grade. Append-only; the second of two concurrent decisions fails."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import ProtectionError, StoreConflictError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn
from lakeward.flows.grading.publication import annotate_columns, send_tags
from lakeward.flows.grading.records import DECISIONS, GradeRecord, decision_row, read_grade_record
from lakeward.grading.catalogue import Sensitivity, shipped_rules
from lakeward.grading.decision import DecisionAction, GradeDecision, check_decision, default_level
from lakeward.grading.grade import ColumnGrade, Grade

# Value that removes a category.
NO_CATEGORY = "none"
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class GradeChoice:
    """A person's choice: an override if it has a grade, otherwise a confirmation.

    Args:
        grade: `core`, `important` or `general`.
        level: 1 to 4, only for `general`; None keeps the current level, or takes the highest.
        category: A category of the catalogue, or `none` to remove it; None keeps the current one.
        approved_by: Second person; needed if the grade or category is lowered.
        transform: The transform that made a derived column less sensitive than its sources.
    """

    by: str
    reason: str
    _: KW_ONLY
    grade: str | None = None
    level: int | None = None
    category: str | None = None
    approved_by: str | None = None
    transform: str | None = None


def decide_grade(settings: Settings, name: str, choice: GradeChoice) -> GradedColumn:
    """Confirm or override the grade of `dataset.column`; returns the column with its new grade.

    Raises:
        UsageError: The dataset, column, grade, level or category does not exist, or there is no proposal to confirm.
        ProtectionError: The grade is lowered without the second person, transform or check that this needs.
        StoreConflictError: Another decision about the same column was made at the same time.
    """
    workspace = open_workspace(settings)
    contract, column = _find_column(workspace, name)
    if not choice.by.strip() or not choice.reason.strip():
        raise UsageError("grade_reason_missing", column=name)
    with workspace.engine() as engine:
        record = _commit_decision(workspace, engine, contract, column, choice)
        grades = record.current(contract)
        annotate_columns(engine, contract, grades)
    workspace.deliver_lineage()
    return GradedColumn(contract.name, column.name, grades[column.name])


def _find_column(workspace: Workspace, name: str) -> tuple[Contract, Column]:
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


def _commit_decision(
    workspace: Workspace, engine: Engine, contract: Contract, column: Column, choice: GradeChoice
) -> GradeRecord:
    """Commit the decision under the next number of its dataset; a decision on another column only moves that number."""
    table, app = governance.table_spec(DECISIONS).name, f"decide/{contract.name}"
    first: GradeDecision | None = None
    started = False
    while True:
        seq = engine.txn(table, app) + 1
        record = read_grade_record(engine, contract.name)
        latest = record.decisions.get(contract.name, {}).get(column.name)
        if started and latest != first:
            raise StoreConflictError("grade_decided_meanwhile", column=f"{contract.name}.{column.name}")
        first, started = latest, True
        decision = _make_decision(record, contract, column, choice)
        at = workspace.clock.now()
        row = decision_row(contract.name, decision, {"seq": seq, "decided_at": at})
        record.decisions.setdefault(contract.name, {})[column.name] = decision
        if governance.append_rows(engine, DECISIONS, [row], Txn(app, seq)):
            send_tags(workspace, engine, contract, record.current(contract), cause=f"decision {seq}", at=at)
            return record


def _make_decision(record: GradeRecord, contract: Contract, column: Column, choice: GradeChoice) -> GradeDecision:
    now = record.current(contract)[column.name]
    proposal = record.proposals.get(contract.name, {}).get(column.name)
    standing, category = _chosen_sensitivity(now, contract, column, choice)
    decision = GradeDecision(
        column=column.name,
        type=str(column.type),
        action=DecisionAction.OVERRIDE if choice.grade else DecisionAction.CONFIRM,
        sensitivity=standing,
        category=category,
        seen=proposal.sensitivity if proposal else None,
        seen_category=proposal.category if proposal else None,
        decided_by=choice.by,
        reason=choice.reason,
        approved_by=choice.approved_by,
        transform=choice.transform,
    )
    check_decision(decision, now, proposal)
    return decision


def _chosen_sensitivity(
    now: ColumnGrade, contract: Contract, column: Column, choice: GradeChoice
) -> tuple[Sensitivity, str | None]:
    if choice.grade is None:
        if now.grade is None:
            raise ProtectionError("grade_nothing_to_confirm", dataset=contract.name, column=column.name)
        return Sensitivity(now.grade, now.level), now.category
    grade = Grade(_check_name("grade", choice.grade, tuple(Grade)))
    if choice.level is not None and (grade is not Grade.GENERAL or choice.level not in LEVELS):
        raise UsageError("grade_level_unknown", grade=grade, found=choice.level)
    level = default_level(grade, now) if choice.level is None else choice.level
    if choice.category is None:
        return Sensitivity(grade, level), now.category
    category = _check_name("category", choice.category, (NO_CATEGORY, *shipped_rules().categories))
    return Sensitivity(grade, level), None if category == NO_CATEGORY else category


def _check_name(kind: str, found: str, names: tuple[Any, ...]) -> str:
    if found not in names:
        raise UsageError("grade_name_unknown", kind=kind, found=found, expected=", ".join(map(str, names)))
    return found
