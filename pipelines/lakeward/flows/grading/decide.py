"""Records a person's decision about a column's grade. Append-only; the second of two concurrent decisions fails.

What is made of the column takes the new grade at once.
"""

from dataclasses import replace

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import ProtectionError, StoreConflictError, UsageError
from lakeward.core.persons import is_same_person
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import Identity, identify, open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn, GradeEffect, grade_mark
from lakeward.flows.grading.approvals import with_approval
from lakeward.flows.grading.choices import GradeChoice, find_column, make_decision
from lakeward.flows.grading.inheritance import downstream_datasets, inherit_downstream, inherited_part
from lakeward.flows.grading.publication import annotate_columns, send_tags
from lakeward.flows.grading.records import DECISIONS, GradeRecord, decision_row, read_checks, read_grade_record
from lakeward.flows.grading.resolution import resolve_choice
from lakeward.flows.grading.run import GradingRun, open_run, store_proposals
from lakeward.flows.grading.transform_checks import check_transform
from lakeward.grading.decision import GradeDecision, check_decision, lowers, needs_second_signature
from lakeward.protection.register import is_one_person


def decide_grade(settings: Settings, name: str, choice: GradeChoice) -> GradedColumn:
    """Confirm or override the grade of `dataset.column`; returns the column with its new grade.

    Raises:
        UsageError: The dataset, column, grade, level or category does not exist, or there is no proposal to confirm.
        ProtectionError: The grade is lowered without the two accounts, transform or check that this needs, or the
            token is not valid or belongs to another name.
        StoreConflictError: Another decision about the same column was made at the same time, or since the grade was seen.
    """
    workspace = open_workspace(settings)
    contract, column, identity, choice = who_and_what(workspace, name, choice)
    with workspace.engine() as engine:
        record = commit_decision(workspace, engine, contract, column, (choice, identity))
        read_checks(engine, record)
        grades = record.current(contract)
        annotate_columns(engine, contract, grades)
        pass_on(workspace, engine, contract.name)
    workspace.deliver_lineage()
    return GradedColumn(contract.name, column.name, grades[column.name])


def preview_decision(settings: Settings, name: str, choice: GradeChoice) -> list[GradeEffect]:
    """What a decision would change, the column itself first; nothing is recorded, and no approval is needed or used.

    Raises:
        UsageError, ProtectionError: As `decide_grade`, but for the second person.
    """
    workspace = open_workspace(settings)
    contract, column, identity, choice = who_and_what(workspace, name, choice)
    with workspace.engine() as engine:
        run = open_run(workspace, engine)
        return decision_effects(run, contract, make_decision(run.record, contract, column, choice, identity))


def decision_effects(run: GradingRun, contract: Contract, decision: GradeDecision) -> list[GradeEffect]:
    """What a decision would change, the column itself first. Updates `run.record`."""
    before = {contract.name: run.record.current(contract)}
    names = downstream_contracts(run, contract.name)
    before |= {name: run.record.current(found) for name, found in names.items()}
    run.record.decisions.setdefault(contract.name, {})[decision.column] = decision
    if decision.transform:
        run.record.assume_checked(contract.name, decision.column)
    inherit_downstream(run, [contract.name])
    after = {name: run.record.current(found) for name, found in {contract.name: contract, **names}.items()}
    effects = [
        GradeEffect(dataset=dataset, column=each, now=grade, after=after[dataset][each])
        for dataset, grades in before.items()
        for each, grade in grades.items()
        if grade != after[dataset][each]
    ]
    return sorted(effects, key=lambda effect: effect.dataset != contract.name)


def downstream_contracts(run: GradingRun, name: str) -> dict[str, Contract]:
    """The valid contracts of what is made of the dataset."""
    found = {each: run.contracts.get(each) for each in downstream_datasets(run, [name])}
    return {each: contract for each, contract in found.items() if contract}


def who_and_what(workspace: Workspace, name: str, choice: GradeChoice) -> tuple[Contract, Column, Identity, GradeChoice]:
    """The column that a decision is about, who decides, and the choice with its grade.

    Raises:
        UsageError: The dataset, column, grade, level or category does not exist, or name or reason is missing.
        ProtectionError: The token is not valid, or belongs to another name.
    """
    contract, column = find_column(workspace, name)
    identity = identify(workspace, choice.by)
    check_decision_role(identity, "grade")
    if not identity.name or not choice.reason.strip():
        raise UsageError("grade_reason_missing", column=name)
    return contract, column, identity, resolve_choice(workspace, contract, column, choice)


def pass_on(workspace: Workspace, engine: Engine, name: str) -> None:
    """Give the new grade to what is made of the dataset, without reading any data."""
    run = open_run(workspace, engine)
    proposals = inherit_downstream(run, [name])
    store_proposals(run, proposals)
    for each, contract in downstream_contracts(run, name).items():
        if each in proposals:
            annotate_columns(engine, contract, run.record.current(contract))


def commit_decision(
    workspace: Workspace, engine: Engine, contract: Contract, column: Column, choice: tuple[GradeChoice, Identity]
) -> GradeRecord:
    """Commit the decision under the next number of its dataset; a decision on another column only moves that number.

    Raises:
        ProtectionError, StoreConflictError: As `decide_grade`.
    """
    table, app = governance.table_spec(DECISIONS).name, f"decide/{contract.name}"
    first: GradeDecision | None = None
    started = False
    while True:
        seq = engine.txn(table, app) + 1
        record = read_grade_record(engine, contract.name)
        latest = record.decisions.get(contract.name, {}).get(column.name)
        is_other = choice[0].seen not in {None, grade_mark(record.current(contract)[column.name])}
        if is_other or (started and latest != first):
            raise StoreConflictError("grade_decided_meanwhile", column=f"{contract.name}.{column.name}")
        first, started = latest, True
        decision = _signed_decision(workspace, engine, contract, record, make_decision(record, contract, column, *choice))
        at = workspace.clock.now()
        row = decision_row(contract.name, decision, {"seq": seq, "decided_at": at})
        record.decisions.setdefault(contract.name, {})[column.name] = decision
        record.numbers.setdefault(contract.name, {})[column.name] = seq
        if governance.append_rows(engine, DECISIONS, [row], Txn(app, seq)):
            send_tags(workspace, engine, contract, record.current(contract), cause=f"decision {seq}", at=at)
            return record


def _signed_decision(
    workspace: Workspace, engine: Engine, contract: Contract, record: GradeRecord, decision: GradeDecision
) -> GradeDecision:
    """The decision with its second person: who approved a fall, or who decided the same about a core or important column before.

    Raises:
        ProtectionError: It is a fall without what that needs, or the same person's signature a second time.
    """
    current = record.current(contract)[decision.column]
    proposal = record.proposals.get(contract.name, {}).get(decision.column)
    inherited = None
    if lowers(decision, current, proposal):
        inherited = inherited_part(open_run(workspace, engine), contract, decision.column)
        if decision.transform and "@" in decision.transform:
            check_transform(workspace, engine, contract, decision.column, decision.transform)
        decision = with_approval(workspace, engine, contract, decision, current)
    else:
        latest = record.decisions.get(contract.name, {}).get(decision.column)
        signed = latest is not None and _is_first_signature(workspace, latest, decision)
        if latest is not None and not signed and _is_own_signature(workspace, latest, decision):
            raise ProtectionError("grade_signed_already", column=f"{contract.name}.{decision.column}", by=latest.decided_by)
        decision = replace(decision, approved_by=latest.decided_by if signed and latest else None)
    check_decision(decision, current, proposal, inherited)
    return decision


def _is_first_signature(workspace: Workspace, first: GradeDecision, second: GradeDecision) -> bool:
    """Whether another person's account decided the same, and that decision waits for a second one."""
    if not (_waits_for(first, second) and first.verified and second.verified):
        return False
    return open_register(workspace).are_two_persons(first.decided_by, second.decided_by)


def _is_own_signature(workspace: Workspace, first: GradeDecision, second: GradeDecision) -> bool:
    """Whether the person whose decision waits for a second one decides the same again, about the same proposal."""
    seen = (first.seen, first.seen_category) == (second.seen, second.seen_category)
    if not (seen and _waits_for(first, second) and first.verified == second.verified):
        return False
    if first.verified:
        return is_one_person(open_register(workspace), first.decided_by, second.decided_by)
    return is_same_person(first.decided_by, second.decided_by)


def _waits_for(first: GradeDecision, second: GradeDecision) -> bool:
    """Whether the first decision waits for a second signature, and the second one decides the same."""
    same = (first.type, first.sensitivity, first.category) == (second.type, second.sensitivity, second.category)
    return same and needs_second_signature(first)
