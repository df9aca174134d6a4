"""Records a person's decision about a column's grade. Append-only; the second of two concurrent decisions fails."""

from dataclasses import replace

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn
from lakeward.flows.grading.approvals import with_approval
from lakeward.flows.grading.choices import GradeChoice, find_column, make_decision
from lakeward.flows.grading.publication import annotate_columns, send_tags
from lakeward.flows.grading.records import DECISIONS, GradeRecord, decision_row, read_grade_record
from lakeward.grading.decision import GradeDecision, check_decision, lowers


def decide_grade(settings: Settings, name: str, choice: GradeChoice) -> GradedColumn:
    """Confirm or override the grade of `dataset.column`; returns the column with its new grade.

    Raises:
        UsageError: The dataset, column, grade, level or category does not exist, or there is no proposal to confirm.
        ProtectionError: The grade is lowered without the second person, transform or check that this needs, or the
            token is not valid or belongs to another name.
        StoreConflictError: Another decision about the same column was made at the same time.
    """
    workspace = open_workspace(settings)
    contract, column = find_column(workspace, name)
    identity = identify(workspace, choice.by)
    if not identity.name or not choice.reason.strip():
        raise UsageError("grade_reason_missing", column=name)
    with workspace.engine() as engine:
        record = _commit_decision(workspace, engine, contract, column, (choice, identity))
        grades = record.current(contract)
        annotate_columns(engine, contract, grades)
    workspace.deliver_lineage()
    return GradedColumn(contract.name, column.name, grades[column.name])


def _commit_decision(
    workspace: Workspace, engine: Engine, contract: Contract, column: Column, choice: tuple[GradeChoice, Identity]
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
        decision = make_decision(record, contract, column, *choice)
        now = record.current(contract)[column.name]
        if not lowers(decision, now):
            decision = replace(decision, approved_by=None)
        elif choice[1].has_register:
            decision = with_approval(workspace, engine, contract, decision, now)
        check_decision(decision, now, record.proposals.get(contract.name, {}).get(column.name))
        at = workspace.clock.now()
        row = decision_row(contract.name, decision, {"seq": seq, "decided_at": at})
        record.decisions.setdefault(contract.name, {})[column.name] = decision
        if governance.append_rows(engine, DECISIONS, [row], Txn(app, seq)):
            send_tags(workspace, engine, contract, record.current(contract), cause=f"decision {seq}", at=at)
            return record
