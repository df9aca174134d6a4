"""Runs the detectors over a stored table."""

from collections.abc import Collection

from lakeward.contracts.model import Contract
from lakeward.core.names import TableName
from lakeward.engines.protocols import Engine
from lakeward.grading.catalogue import GradingRules
from lakeward.grading.detection import detectable, detection_query, detector_counts, fractional
from lakeward.grading.proposal import GradeProposal, propose_grades

# Columns that identify the rows of a silver table with any key.
ROW_IDENTITY = ("_batch_seq", "_file_seq", "_row")


def detect_grades(
    engine: Engine, contract: Contract, table: TableName, rules: GradingRules, only: Collection[str] | None = None
) -> tuple[GradeProposal, ...]:
    """Proposals for the stored columns from their content.

    Args:
        only: Names of the columns to look at; None for all.
    """
    stored = engine.types(table)
    columns = [column for column in contract.columns if column.name in stored and (only is None or column.name in only)]
    names, found = detectable(columns), {}
    if names:
        order = [c for c in ROW_IDENTITY if c in stored] or list(contract.primary_key)
        # This query reads only session relations, so it is not searched for tables of the lake.
        rows = engine.define("graded_table", f"SELECT * FROM {table}")
        query = detection_query(rows, names, order, rules, fractional(columns, rules))
        found = detector_counts(engine.fetch(query), names, rules)
    return propose_grades(columns, contract.data_class, found, rules)
