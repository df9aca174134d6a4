"""Reads and writes proposals and decisions in governance tables, and derives current grades."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals
from lakeward.engines.protocols import TableReader
from lakeward.flows.base import governance
from lakeward.grading.catalogue import Measure, Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, current_grade, standing_decision
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import GradeProposal, OwnGrade, Reason

PROPOSALS, DECISIONS, APPROVALS = "grade_proposals", "grade_decisions", "grade_approvals"
CHECKS = "transform_checks"
# States that need a person's decision: a proposal, an outdated decision, and an ungraded column.
WAITING = (GradeState.PROVISIONAL, GradeState.STALE, GradeState.UNGRADED)

Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class GradeRecord:
    """The newest grade proposal and decision of each column, by dataset.

    Args:
        decisions: What holds after all decisions: a fall that one person alone signed leaves the higher grade.
        bases: Hash of the inputs of the newest proposals, by dataset.
        removed: The last proposal of each column that the newest grading no longer has, by dataset.
        unrecorded: Columns whose newest decision is a fall that one person alone signed, by dataset.
        numbers: Number of the newest decision about each column, by dataset.
        checks: The newest check of the transform that a column's grade rests on, by dataset and column.
        failures: Number of the newest decision about each column whose transform failed a check, by dataset.
        states: The batches of the tables with such columns, by dataset.
        measures: Sizes of the data sets whose data a grading run looked at.
    """

    proposals: dict[str, dict[str, GradeProposal]] = field(default_factory=dict)
    decisions: dict[str, dict[str, GradeDecision]] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    removed: dict[str, dict[str, GradeProposal]] = field(default_factory=dict)
    unrecorded: dict[str, set[str]] = field(default_factory=dict)
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    checks: dict[str, dict[str, Row]] = field(default_factory=dict)
    failures: dict[str, dict[str, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    measures: dict[str, Mapping[Measure, Decimal]] = field(default_factory=dict)

    def current(self, contract: Contract) -> dict[str, ColumnGrade]:
        """The grade of every column of the contract."""
        proposals = self.proposals.get(contract.name, {})
        decisions = self.decisions.get(contract.name, {})
        return {
            c.name: current_grade(
                str(c.type), proposals.get(c.name), decisions.get(c.name), withdrawn=self.withdrawal(contract.name, c.name)
            )
            for c in contract.columns
        }

    def transforms(self, dataset: str) -> dict[str, str]:
        """The transform with version on which the grade of a column rests, by column; texts of before 0.3 are none."""
        decided = self.decisions.get(dataset, {})
        return {name: each.transform for name, each in decided.items() if each.transform and "@" in each.transform}

    def assume_checked(self, dataset: str, column: str) -> None:
        """Take the column's transform as checked, for a preview."""
        check = {"transform": self.transforms(dataset).get(column), "passed": True, "data": self.states.get(dataset)}
        self.checks.setdefault(dataset, {})[column] = check
        self.failures.get(dataset, {}).pop(column, None)

    def withdrawal(self, dataset: str, column: str) -> Reason | None:
        """Why the transform that the grade rests on does not count; None if it does, or if there is none.

        A check that failed withdraws it for good: a grade falls again only by a new decision.
        """
        cited = self.transforms(dataset).get(column)
        if cited is None:
            return None
        if self.failures.get(dataset, {}).get(column, -1) >= self.numbers.get(dataset, {}).get(column, 0):
            return Reason.TRANSFORM_WITHDRAWN
        check = self.checks.get(dataset, {}).get(column, {})
        is_newest = check.get("passed") and check["transform"] == cited and check["data"] == self.states.get(dataset)
        return None if is_newest else Reason.TRANSFORM_UNCHECKED


def waiting(grades: Mapping[str, ColumnGrade]) -> int:
    """Number of these columns that need a person's decision."""
    return sum(1 for grade in grades.values() if grade.state in WAITING)


def read_grade_record(engine: TableReader, dataset: str | None = None) -> GradeRecord:
    """Read the records of `dataset`, or of all datasets."""
    own = {"dataset": dataset} if dataset else {}
    record = GradeRecord()
    for row in _newest_proposals(engine, dataset):
        # A run covers all columns of its time; a column that the newest run leaves out no longer exists.
        found = record.proposals if row["seq"] == row["newest"] else record.removed
        found.setdefault(row["dataset"], {})[row["column"]] = _to_proposal(row)
        if row["seq"] == row["newest"]:
            record.bases[row["dataset"]] = row["basis"]
    for row in governance.read_rows(engine, DECISIONS, order="seq", **own):
        _add_decision(record, row["dataset"], _to_decision(row))
        record.numbers.setdefault(row["dataset"], {})[row["column"]] = row["seq"]
    read_checks(engine, record)
    return record


def read_checks(engine: TableReader, record: GradeRecord) -> None:
    """Read the newest check of each transform that a grade rests on, and the batches of its table."""
    rested = [dataset for dataset in record.decisions if record.transforms(dataset)]
    if not rested:
        return
    for row in governance.read_rows(engine, CHECKS, order="seq"):
        record.checks.setdefault(row["dataset"], {})[row["column"]] = row
        if not row["passed"]:
            record.failures.setdefault(row["dataset"], {})[row["column"]] = row["decision"]
    for dataset in rested:
        layers = [TableName(layer, dataset) for layer in (Layer.GOLD, Layer.SILVER)]
        stored = next((table for table in layers if engine.info(table)), layers[0])
        record.states[dataset] = data_state(engine, stored, dataset)


def data_state(engine: TableReader, table: TableName, dataset: str) -> str:
    """The batches that a table holds, as text: compaction does not change it."""
    batches = governance.application_id(dataset, 1)
    found = engine.transactions(table).items()
    return json.dumps(sorted((app, last) for app, last in found if app == batches or app.startswith(f"{batches}#")))


def _add_decision(record: GradeRecord, dataset: str, decision: GradeDecision) -> None:
    decided, unrecorded = record.decisions.setdefault(dataset, {}), record.unrecorded.setdefault(dataset, set())
    standing = standing_decision(decided.get(decision.column), decision)
    decided[decision.column] = standing
    (unrecorded.discard if standing == decision else unrecorded.add)(decision.column)


def _newest_proposals(engine: TableReader, dataset: str | None) -> list[dict[str, Any]]:
    """The newest row of each column, with the number of its dataset's newest run."""
    if engine.info(governance.table_name(PROPOSALS)) is None:
        return []
    chosen = f"WHERE {equals(dataset=dataset)}" if dataset else ""
    return engine.fetch(
        f"SELECT *, max(seq) OVER (PARTITION BY dataset) AS newest FROM governance.{PROPOSALS} {chosen} "
        'QUALIFY row_number() OVER (PARTITION BY dataset, "column" ORDER BY seq DESC) = 1 ORDER BY dataset, "column"'
    )


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
            **_sensitivity_cells("own_", p.own.floor if p.own else None),
            "own_category": p.own.category if p.own else None,
            "own_why": str(p.own.why) if p.own else None,
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
        "impact": decision.impact,
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
    why = row.get("own_why")
    return GradeProposal(
        type=row["column_type"],
        sensitivity=_to_sensitivity(row),
        why=Reason(row["why"]),
        own=OwnGrade(_to_sensitivity(row, "own_"), row["own_category"], Reason(why)) if why else None,
        **{key: row[key] for key in same},
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
        impact=row.get("impact"),
    )
