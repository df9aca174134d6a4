"""The rows of a batch as they lie in bronze."""

from lakeward.core.names import Layer
from lakeward.flows.base.batch_context import EXTRA_COLUMN, PROVENANCE_COLUMNS, ROW_ID_COLUMNS, STRING, BatchContext
from lakeward.flows.quarantine.align import align_to_contract


def bronze_rows(context: BatchContext) -> str:
    """SELECT of the batch's bronze rows, with every column of the contract."""
    bronze = context.table(Layer.BRONZE)
    if context.engine.info(bronze) is None:
        return context.engine.literal_rows(
            {c.name: STRING for c in context.contract.columns}
            | {c.name: c.type for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN, *PROVENANCE_COLUMNS)},
            [],
        )
    return align_to_contract(context.engine, context.contract, bronze, context.engine.batch_rows(bronze, context.pinned.seq))
