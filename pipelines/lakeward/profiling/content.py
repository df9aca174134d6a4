"""What grading would say of the columns of a file: a first proposal, before there is a table. Counts only, no value."""

from collections.abc import Sequence

from lakeward.contracts.model import Column
from lakeward.engines.protocols import Engine
from lakeward.grading.catalogue import shipped_rules
from lakeward.grading.detection import detectable, detection_query, evidence_of
from lakeward.grading.proposal import Proposal, propose
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.measuring import STAGED


def recognised(engine: Engine, columns: Sequence[ColumnProfile]) -> dict[str, Proposal]:
    """Proposals for those columns of the staged file in which a detector found something.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    rules, stored = shipped_rules(), engine.types(STAGED)
    named = [Column(column.name, stored[column.name], column.source_name) for column in columns]
    names = detectable(named)
    if not names:
        return {}
    found = evidence_of(engine.fetch(detection_query(STAGED, names, ["_row"], rules)), names, rules)
    return {proposal.column: proposal for proposal in propose(named, None, found, rules) if proposal.category}
