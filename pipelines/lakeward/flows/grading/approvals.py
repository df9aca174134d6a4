"""Approval of a lower grade by a second person with their own access token. An approval alone changes no grade.

The decision looks for a matching approval. An approval is valid once, for the same proposal and decision, and for a week.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.persons import is_same_person
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import identify, open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.choices import NO_CATEGORY, GradeChoice, find_column, make_decision
from lakeward.flows.grading.records import APPROVALS, DECISIONS, decision_row, read_grade_record
from lakeward.flows.grading.resolution import resolve_choice
from lakeward.grading.decision import GradeDecision, decision_text, grade_text, lowers
from lakeward.grading.grade import ColumnGrade

# Days that an approval is valid.
APPROVAL_DAYS = 7
# Columns that an approval and its decision must share.
_SAME = (
    *("column", "column_type"),
    *("grade", "level", "category", "transform"),
    *("seen_grade", "seen_level", "seen_category"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeApproval:
    """An approval of a lower grade.

    Args:
        column: `dataset.column`.
        wanted: The approved grade and category.
        by: Account of the second person.
    """

    column: str
    wanted: str
    by: str

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


def approve_grade(settings: Settings, name: str, choice: GradeChoice) -> GradeApproval:
    """Approve, as the second person, that the grade of `dataset.column` is lowered or its category removed.

    Raises:
        UsageError: The dataset, column, grade, level or category does not exist, no reason is given, or nothing is lowered.
        ProtectionError: There is no token, or it is not valid or belongs to another name.
        StoreConflictError: Other writers committed first on every try.
    """
    workspace = open_workspace(settings)
    contract, column = find_column(workspace, name)
    identity = identify(workspace, choice.by)
    check_decision_role(identity, "grade")
    if not choice.reason.strip():
        raise UsageError("grade_reason_missing", column=name)
    if not identity.verified:
        raise ProtectionError("grade_approval_token", column=name)
    choice = resolve_choice(workspace, contract, column, choice)
    with workspace.engine() as engine:
        record = read_grade_record(engine, contract.name)
        decision = make_decision(record, contract, column, choice, identity)
        proposal = record.proposals.get(contract.name, {}).get(column.name)
        if not lowers(decision, record.current(contract)[column.name], proposal):
            raise UsageError("grade_approval_needless", column=name, wanted=decision_text(decision))
        _append(workspace, engine, contract, decision)
    return GradeApproval(column=f"{contract.name}.{column.name}", wanted=decision_text(decision), by=identity.name)


def with_approval(
    workspace: Workspace, engine: Engine, contract: Contract, decision: GradeDecision, current: ColumnGrade
) -> GradeDecision:
    """The decision, which lowers the grade `current`, with the second person who approved it.

    Raises:
        ProtectionError: There are no accounts, the decision is not verified by a token, or no second person approved exactly this.
    """
    facts = {"column": decision.column, "found": grade_text(current), "wanted": decision_text(decision)}
    register = open_register(workspace)
    if not decision.verified:
        raise ProtectionError("grade_lower_unverified" if register.has_accounts else "grade_lower_no_accounts", **facts)
    found = _matching(workspace, engine, contract, decision)
    others = [row for row in found if register.are_two_persons(row["approved_by"], decision.decided_by)]
    if not others:
        code = "grade_approval_own" if found else "grade_approval_missing"
        command = f"lakeward grade approve {contract.name}.{decision.column} {_options(decision)}"
        raise ProtectionError(code, **facts, command=command)
    return replace(decision, approved_by=others[-1]["approved_by"])


def _append(workspace: Workspace, engine: Engine, contract: Contract, decision: GradeDecision) -> None:
    table, app = governance.table_spec(APPROVALS).name, f"approve/{contract.name}"
    while True:
        seq = engine.txn(table, app) + 1
        head = {"seq": seq, "decided_seq": _newest_decision(engine, contract, decision), "approved_at": workspace.clock.now()}
        row = {**decision_row(contract.name, decision, head), "approved_by": decision.decided_by}
        if governance.append_rows(engine, APPROVALS, [row], Txn(app, seq)):
            return


def _newest_decision(engine: Engine, contract: Contract, decision: GradeDecision) -> int:
    rows = governance.read_rows(engine, DECISIONS, order="seq", dataset=contract.name)
    return max((int(row["seq"]) for row in rows if row["column"] == decision.column), default=0)


def _matching(workspace: Workspace, engine: Engine, contract: Contract, decision: GradeDecision) -> list[Mapping[str, Any]]:
    """Valid approvals of exactly this decision; only those of `approved_by` if it is set."""
    wanted = decision_row(contract.name, decision, {})
    newest = _newest_decision(engine, contract, decision)
    since = workspace.clock.now() - timedelta(days=APPROVAL_DAYS)
    rows = governance.read_rows(engine, APPROVALS, order="seq", dataset=contract.name)
    same = [row for row in rows if all(row[name] == wanted[name] for name in _SAME) and row["decided_seq"] == newest]
    named = [row for row in same if not decision.approved_by or is_same_person(decision.approved_by, row["approved_by"])]
    return [row for row in named if row["approved_at"] > since]


def _options(decision: GradeDecision) -> str:
    """Options of the same choice on the command line."""
    level = "" if decision.sensitivity.level is None else f" --level {decision.sensitivity.level}"
    transform = f" --transform {shlex.quote(decision.transform)}" if decision.transform else ""
    category = decision.category or NO_CATEGORY
    return f"--grade {decision.sensitivity.grade}{level} --category {category}{transform} --reason TEXT"
