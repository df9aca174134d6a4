"""Reads and writes proposals and decisions in governance tables, and derives current grades."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, current_grade
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import GradeProposal, Reason

PROPOSALS, DECISIONS, APPROVALS = "grade_proposals", "grade_decisions", "grade_approvals"
# States that need a person's decision: a proposal, an outdated decision, and an ungraded column.
WAITING = (GradeState.PROVISIONAL, GradeState.STALE, GradeState.UNGRADED)

Row = dict[str, Any]


@dataclass(slots=True)
class GradeRecord:
    """The newest grade proposal and decision of each column, by dataset.

    Args:
        bases: Hash of the inputs of the newest proposals, by dataset.
    """

    proposals: dict[str, dict[str, GradeProposal]]
    decisions: dict[str, dict[str, GradeDecision]]
    bases: dict[str, str]

    def current(self, contract: Contract) -> dict[str, ColumnGrade]:
        """The grade of every column of the contract."""
        proposals = self.proposals.get(contract.name, {})
        decisions = self.decisions.get(contract.name, {})
        return {c.name: current_grade(str(c.type), proposals.get(c.name), decisions.get(c.name)) for c in contract.columns}


def waiting(grades: Mapping[str, ColumnGrade]) -> int:
    """Number of these columns that need a person's decision."""
    return sum(1 for grade in grades.values() if grade.state in WAITING)


def read_grade_record(engine: Engine, dataset: str | None = None) -> GradeRecord:
    """Read the records of `dataset`, or of all datasets."""
    own = {"dataset": dataset} if dataset else {}
    record = GradeRecord({}, {}, {})
    newest: dict[str, int] = {}
    for row in governance.read_rows(engine, PROPOSALS, order="seq", **own):
        name = row["dataset"]
        if row["seq"] != newest.get(name):
            # A later run covers all columns of its time; a column that it leaves out no longer exists.
            newest[name], record.proposals[name] = row["seq"], {}
        record.proposals[name][row["column"]] = _to_proposal(row)
        record.bases[name] = row["basis"]
    for row in governance.read_rows(engine, DECISIONS, order="seq", **own):
        record.decisions.setdefault(row["dataset"], {})[row["column"]] = _to_decision(row)
    return record


def proposal_rows(dataset: str, basis: str, proposals: Iterable[GradeProposal]) -> list[Row]:
    """Rows of `governance.grade_proposals`, without author and time."""
    return [
        {
            "dataset": dataset,
            "basis": basis,
            "column": p.column,
            "column_type": p.type,
            **_sensitivity_cells("", p.sensitivity),
            "category": p.category,
            "detector": p.detector,
            "ratio": p.ratio,
            "sample": p.sample,
            "rule_version": p.rule_version,
            "catalogue": p.catalogue,
            "why": str(p.why),
        }
        for p in proposals
    ]


def decision_row(dataset: str, decision: GradeDecision, head: Mapping[str, object]) -> Row:
    """A row of `governance.grade_decisions`."""
    return {
        **head,
        "dataset": dataset,
        "column": decision.column,
        "column_type": decision.type,
        "action": str(decision.action),
        **_sensitivity_cells("", decision.sensitivity),
        "category": decision.category,
        **_sensitivity_cells("seen_", decision.seen),
        "seen_category": decision.seen_category,
        "decided_by": decision.decided_by,
        "reason": decision.reason,
        "approved_by": decision.approved_by,
        "transform": decision.transform,
        "verified": decision.verified,
    }


def _sensitivity_cells(prefix: str, standing: Sensitivity | None) -> Row:
    return {
        f"{prefix}grade": str(standing.grade) if standing else None,
        f"{prefix}level": standing.level if standing else None,
    }


def _to_sensitivity(row: Row, prefix: str = "") -> Sensitivity | None:
    grade = row[f"{prefix}grade"]
    return Sensitivity(Grade(grade), row[f"{prefix}level"]) if grade else None


def _to_proposal(row: Row) -> GradeProposal:
    same = ("column", "category", "detector", "ratio", "sample", "rule_version", "catalogue")
    return GradeProposal(
        type=row["column_type"], sensitivity=_to_sensitivity(row), why=Reason(row["why"]), **{key: row[key] for key in same}
    )


def _to_decision(row: Row) -> GradeDecision:
    standing = _to_sensitivity(row)
    assert standing is not None
    return GradeDecision(
        column=row["column"],
        type=row["column_type"],
        action=DecisionAction(row["action"]),
        sensitivity=standing,
        category=row["category"],
        seen=_to_sensitivity(row, "seen_"),
        seen_category=row["seen_category"],
        decided_by=row["decided_by"],
        reason=row["reason"],
        approved_by=row["approved_by"],
        transform=row["transform"],
        verified=row.get("verified"),
    )
