"""Proposes grades for the columns of a file, before there is a table. Returns counts, no values."""

from collections.abc import Sequence

from lakeward.contracts.model import Column
from lakeward.grading.catalogue import shipped_rules
from lakeward.grading.detection import detectable, detection_query, detector_counts, fractional
from lakeward.grading.proposal import GradeProposal, propose_grades
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.type_trials import StagedRecords


def detect_grades(staged: StagedRecords, columns: Sequence[ColumnProfile]) -> dict[str, GradeProposal]:
    """Proposals for the columns of the staged file with a detector's match.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    rules, stored = shipped_rules(), staged.engine.types(staged.rows)
    named = [Column(column.name, stored[column.name], column.source_name) for column in columns]
    names = detectable(named)
    if not names:
        return {}
    query = detection_query(staged.rows, names, ["_row"], rules, fractional(named, rules))
    found = detector_counts(staged.engine.fetch(query), names, rules)
    return {proposal.column: proposal for proposal in propose_grades(named, None, found, rules) if proposal.category}
