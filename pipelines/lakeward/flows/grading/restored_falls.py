"""Records the higher grade where one person alone had lowered it, so that every reader of the decisions sees what is in force."""

from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import DECISIONS, GradeRecord, decision_row
from lakeward.grading.decision import GradeDecision

# Who records it, and why: no person decided.
RECORDER, CAUSE = "lakeward", "one person alone had lowered it"


def restore_unsigned_falls(workspace: Workspace, engine: Engine, contract: Contract, record: GradeRecord) -> None:
    """Append one decision per column whose newest decision is such a fall; it becomes a task for two persons."""
    for column in sorted(record.unrecorded.get(contract.name, ())):
        standing = record.decisions[contract.name][column]
        restored = replace(standing, decided_by=RECORDER, reason=CAUSE, approved_by=None, transform=None, verified=False)
        _append(workspace, engine, contract, restored)


def _append(workspace: Workspace, engine: Engine, contract: Contract, decision: GradeDecision) -> None:
    app = f"decide/{contract.name}"
    while True:
        seq = engine.txn(governance.table_name(DECISIONS), app) + 1
        row = decision_row(contract.name, decision, {"seq": seq, "decided_at": workspace.clock.now()})
        if governance.append_rows(engine, DECISIONS, [row], Txn(app, seq)):
            return
