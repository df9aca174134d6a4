"""Finds columns whose values must not be written into a suite, because a suite is widely read."""

from lakeward.contracts.model import Column
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.suggest.history import History
from lakeward.grading.catalogue import GradingRules, shipped_rules
from lakeward.grading.detection import detectable, detection_query, detector_counts, fractional
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import GradeProposal, propose_grades
from lakeward.profiling.personal import looks_personal

# Within the general grade, values of this level and above are harmful if disclosed.
HIGH_LEVEL = 3
PERSONAL = "personal."
# States of a decided grade: a personal-sounding name no longer counts.
DECIDED = (GradeState.CONFIRMED, GradeState.OVERRIDDEN)


def sensitive_columns(history: History) -> frozenset[str]:
    """Columns with a high or personal grade, current proposal, or name; and those that the reader may not see in clear.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    grades, found = current_grades(history.engine, history.contract), _grade_proposals(history, shipped_rules())
    named = {c.name for c in history.contract.columns if is_sensitive(c, grades.get(c.name), found.get(c.name))}
    return frozenset(named) | history.hidden.get(history.contract.name, frozenset())


def is_sensitive(column: Column, grade: ColumnGrade | None, proposal: GradeProposal | None = None) -> bool:
    """Whether values of the column must be kept out; a decided grade takes precedence.

    Args:
        grade: The recorded grade.
        proposal: The grade that would be proposed now.
    """
    recorded = grade is not None and _is_sensitive_grade(grade.grade, grade.level, grade.category)
    if recorded or (grade is not None and grade.state in DECIDED):
        return recorded
    standing = proposal.sensitivity if proposal else None
    new = proposal is not None and _is_sensitive_grade(
        standing.grade if standing else None, standing.level if standing else None, proposal.category
    )
    return new or looks_personal(f"{column.name} {column.source_name}", ())


def _is_sensitive_grade(grade: Grade | None, level: int | None, category: str | None) -> bool:
    return grade in (Grade.CORE, Grade.IMPORTANT) or (level or 0) >= HIGH_LEVEL or (category or "").startswith(PERSONAL)


def _grade_proposals(history: History, rules: GradingRules) -> dict[str, GradeProposal]:
    """Grade proposals from the same sample as grading: counts only."""
    names = detectable(history.contract.columns)
    found = {}
    if names:
        rows = history.engine.define("suggested_from", f"SELECT * FROM {history.table}")
        query = detection_query(
            rows, names, ["_batch_seq", "_file_seq", "_row"], rules, fractional(history.contract.columns, rules)
        )
        found = detector_counts(history.engine.fetch(query), names, rules)
    return {
        proposal.column: proposal
        for proposal in propose_grades(history.contract.columns, history.contract.data_class, found, rules)
    }
