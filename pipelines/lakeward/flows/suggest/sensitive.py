"""Which columns' values must not be written into a suite: a suite is read by many, and travels with the project."""

from lakeward.contracts.model import Column
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.suggest.past import Past
from lakeward.grading.catalogue import Rules, shipped_rules
from lakeward.grading.detection import detectable, detection_query, evidence_of
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import Proposal, propose
from lakeward.profiling.personal import looks_personal

# Within the general grade, from this level on harm follows when values get about.
HIGH_LEVEL = 3
PERSONAL = "personal."
# A person has looked: a name that only sounds personal weighs no more.
DECIDED = (GradeState.CONFIRMED, GradeState.OVERRIDDEN)


def sensitive_columns(past: Past) -> frozenset[str]:
    """Columns graded high or personal, those that grading would find so now, and those that are called so.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    grades, found = current_grades(past.engine, past.contract), _proposed(past, shipped_rules())
    return frozenset(c.name for c in past.contract.columns if is_sensitive(c, grades.get(c.name), found.get(c.name)))


def is_sensitive(column: Column, grade: ColumnGrade | None, found: Proposal | None = None) -> bool:
    """Whether values of the column are to be kept out; a grade that a person decided settles it.

    Args:
        grade: What is on record.
        found: What grading would propose now.
    """
    recorded = grade is not None and _high(grade.grade, grade.level, grade.category)
    if recorded or (grade is not None and grade.state in DECIDED):
        return recorded
    standing = found.standing if found else None
    new = found is not None and _high(standing.grade if standing else None, standing.level if standing else None, found.category)
    return new or looks_personal(f"{column.name} {column.source_name}", ())


def _high(grade: Grade | None, level: int | None, category: str | None) -> bool:
    return grade in (Grade.CORE, Grade.IMPORTANT) or (level or 0) >= HIGH_LEVEL or (category or "").startswith(PERSONAL)


def _proposed(past: Past, rules: Rules) -> dict[str, Proposal]:
    """What grading would say, from the same sample that it looks at: counts only."""
    names = detectable(past.contract.columns)
    found = {}
    if names:
        rows = past.engine.define("suggested_from", f"SELECT * FROM {past.table}")
        query = detection_query(rows, names, ["_batch_seq", "_file_seq", "_row"], rules)
        found = evidence_of(past.engine.fetch(query), names, rules)
    return {one.column: one for one in propose(past.contract.columns, past.contract.data_class, found, rules)}
