"""Grades as governance tables hold them: proposals and decisions, to rows and back, and what follows from them now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.grading.catalogue import Standing
from lakeward.grading.decision import Action, Decision, current
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import Proposal, Why

PROPOSALS, DECISIONS = "grade_proposals", "grade_decisions"
# What waits for a person: a proposal, a decision that its column outgrew, and what the rules can't grade.
WAITING = (GradeState.PROVISIONAL, GradeState.STALE, GradeState.UNGRADED)

Row = dict[str, Any]


@dataclass(slots=True)
class Known:
    """What is on record of the columns of some datasets, by dataset and column: the newest of each.

    Args:
        bases: What the newest proposals of a dataset rest on.
    """

    proposals: dict[str, dict[str, Proposal]]
    decisions: dict[str, dict[str, Decision]]
    bases: dict[str, str]

    def current(self, contract: Contract) -> dict[str, ColumnGrade]:
        """The grade of every column that the contract promises."""
        proposals = self.proposals.get(contract.name, {})
        decisions = self.decisions.get(contract.name, {})
        return {c.name: current(str(c.type), proposals.get(c.name), decisions.get(c.name)) for c in contract.columns}


def waiting(grades: Mapping[str, ColumnGrade]) -> int:
    """How many of these columns wait for a person."""
    return sum(1 for grade in grades.values() if grade.state in WAITING)


def known(engine: Engine, dataset: str | None = None) -> Known:
    """What is on record of `dataset`, or of all."""
    own = {"dataset": dataset} if dataset else {}
    known = Known({}, {}, {})
    newest: dict[str, int] = {}
    for row in governance.rows(engine, PROPOSALS, order="seq", **own):
        name = row["dataset"]
        if row["seq"] != newest.get(name):
            # A later run speaks of all columns that there are then; what it leaves out is gone.
            newest[name], known.proposals[name] = row["seq"], {}
        known.proposals[name][row["column"]] = _proposal(row)
        known.bases[name] = row["basis"]
    for row in governance.rows(engine, DECISIONS, order="seq", **own):
        known.decisions.setdefault(row["dataset"], {})[row["column"]] = _decision(row)
    return known


def proposal_rows(dataset: str, basis: str, proposals: Iterable[Proposal]) -> list[Row]:
    """Rows of `governance.grade_proposals`, without who and when."""
    return [
        {
            "dataset": dataset,
            "basis": basis,
            "column": p.column,
            "column_type": p.type,
            **_standing_of("", p.standing),
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


def decision_row(dataset: str, decision: Decision, head: Mapping[str, object]) -> Row:
    """A row of `governance.grade_decisions`."""
    return {
        **head,
        "dataset": dataset,
        "column": decision.column,
        "column_type": decision.type,
        "action": str(decision.action),
        **_standing_of("", decision.standing),
        "category": decision.category,
        **_standing_of("seen_", decision.seen),
        "seen_category": decision.seen_category,
        "decided_by": decision.by,
        "reason": decision.reason,
        "approved_by": decision.approved_by,
        "transform": decision.transform,
    }


def _standing_of(prefix: str, standing: Standing | None) -> Row:
    return {
        f"{prefix}grade": str(standing.grade) if standing else None,
        f"{prefix}level": standing.level if standing else None,
    }


def _standing(row: Row, prefix: str = "") -> Standing | None:
    grade = row[f"{prefix}grade"]
    return Standing(Grade(grade), row[f"{prefix}level"]) if grade else None


def _proposal(row: Row) -> Proposal:
    same = ("column", "category", "detector", "ratio", "sample", "rule_version", "catalogue")
    return Proposal(type=row["column_type"], standing=_standing(row), why=Why(row["why"]), **{key: row[key] for key in same})


def _decision(row: Row) -> Decision:
    standing = _standing(row)
    assert standing is not None
    return Decision(
        column=row["column"],
        type=row["column_type"],
        action=Action(row["action"]),
        standing=standing,
        category=row["category"],
        seen=_standing(row, "seen_"),
        seen_category=row["seen_category"],
        by=row["decided_by"],
        reason=row["reason"],
        approved_by=row["approved_by"],
        transform=row["transform"],
    )
