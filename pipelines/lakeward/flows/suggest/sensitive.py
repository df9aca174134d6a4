"""Which columns' values must not be written into a suite (law 6): a suite is read by many, and travels with the project."""

from lakeward.contracts.model import Column
from lakeward.flows.grade import current_grades
from lakeward.flows.profile.personal import looks_personal
from lakeward.flows.suggest.past import Past
from lakeward.grading.catalogue import Rules, shipped_rules
from lakeward.grading.detection import detectable, detection_query, evidence_of
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import propose

# Within the general grade, from this level on harm follows when values get about.
HIGH_LEVEL = 3
PERSONAL = "personal."
# A person has looked: a name that only sounds personal weighs no more.
DECIDED = (GradeState.CONFIRMED, GradeState.OVERRIDDEN)


def sensitive_columns(past: Past) -> frozenset[str]:
    """Columns graded high or personal, those in which a detector finds such content, and those that are called so.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    grades = current_grades(past.engine, past.contract)
    detected = _detected(past, shipped_rules())
    return frozenset(
        column.name
        for column in past.contract.columns
        if is_sensitive(column, grades.get(column.name), detected=column.name in detected)
    )


def is_sensitive(column: Column, grade: ColumnGrade | None, *, detected: bool) -> bool:
    """Whether values of the column are to be kept out; a grade that a person decided settles it."""
    high = grade is not None and (
        grade.grade in (Grade.CORE, Grade.IMPORTANT)
        or (grade.level or 0) >= HIGH_LEVEL
        or (grade.category or "").startswith(PERSONAL)
    )
    if high or (grade is not None and grade.state in DECIDED):
        return high
    return detected or looks_personal(f"{column.name} {column.source_name}", ())


def _detected(past: Past, rules: Rules) -> frozenset[str]:
    """Columns whose values a detector knows, in the same sample that grading looks at: counts only."""
    names = detectable(past.contract.columns)
    if not names:
        return frozenset()
    past.engine.define("suggested_from", f"SELECT * FROM {past.table}")
    query = detection_query("suggested_from", names, ["_batch_seq", "_file_seq", "_row"], rules)
    found = evidence_of(past.engine.fetch(query), names, rules)
    proposals = propose(past.contract.columns, past.contract.data_class, found, rules)
    return frozenset(proposal.column for proposal in proposals if (proposal.category or "").startswith(PERSONAL))
