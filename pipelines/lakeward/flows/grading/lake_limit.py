"""Keeps columns out of a lake that is not fit to hold them: keys, trails and retention hang on where a lake lies."""

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import ProtectionError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.grading.run import workspace_rules
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.classes import class_of
from lakeward.grading.decision import GradeDecision
from lakeward.grading.grade import Grade, is_above


def check_lake_limit(workspace: Workspace, engine: Engine, contract: Contract) -> None:
    """Check that no column of the dataset is graded above what the lake may hold; before anything is received.

    What the contract says counts before it is graded: a column's classification, and the default of the class of data; unless persons
    who knew of it decided otherwise.

    Raises:
        ProtectionError: A column is graded above it.
    """
    limit = Grade(workspace.project.highest_grade)
    if limit is Grade.CORE:
        return
    record = read_grade_record(engine, contract.name)
    current, decisions = record.current(contract), record.decisions.get(contract.name, {})
    default = workspace_rules(workspace).rules.classes.get(class_of(contract.data_class) or "")
    grades = {c.name: _highest(current[c.name].grade, _said(c, default, decisions.get(c.name))) for c in contract.columns}
    above = {name: grade for name, grade in grades.items() if grade and is_above(grade, limit)}
    if above:
        listed = ", ".join(f"{name} ({grade})" for name, grade in above.items())
        raise ProtectionError(
            "grade_above_lake", dataset=contract.name, columns=listed, highest=limit, grade=_highest(*above.values())
        )


def _said(column: Column, default: Sensitivity | None, decision: GradeDecision | None) -> Grade | None:
    """The grade that the contract gives the column, unless a decision has seen it."""
    declared = Grade(column.classification) if column.classification in tuple(Grade) else None
    said = _highest(default.grade if default else None, declared)
    seen = decision.seen.grade if decision and decision.seen else None
    return None if said and seen and not is_above(said, seen) else said


def _highest(*grades: Grade | None) -> Grade | None:
    return min((grade for grade in grades if grade), key=tuple(Grade).index, default=None)
