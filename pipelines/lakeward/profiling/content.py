"""What grading would say of the columns of a file: a first proposal, before there is a table. Counts only, no value."""

from collections.abc import Sequence

from lakeward.contracts.model import Column
from lakeward.grading.catalogue import shipped_rules
from lakeward.grading.detection import detectable, detection_query, evidence_of
from lakeward.grading.proposal import Proposal, propose
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.measuring import StagedRecords


def recognised(staged: StagedRecords, columns: Sequence[ColumnProfile]) -> dict[str, Proposal]:
    """Proposals for those columns of the staged file in which a detector found something.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    rules, stored = shipped_rules(), staged.engine.types(staged.rows)
    named = [Column(column.name, stored[column.name], column.source_name) for column in columns]
    names = detectable(named)
    if not names:
        return {}
    query = detection_query(staged.rows, names, ["_row"], rules)
    found = evidence_of(staged.engine.fetch(query), names, rules)
    return {proposal.column: proposal for proposal in propose(named, None, found, rules) if proposal.category}
