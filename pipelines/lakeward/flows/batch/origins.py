"""Which columns of bronze the columns of a batch in silver are made of."""

from lakeward.core.names import Layer
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.lineage_events import batch_lineage, query_lineage
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.flows.quarantine.align import align_to_contract, is_aligned
from lakeward.quality.data_flow import conversions, lineage_select
from lakeward_lineage import ColumnLineage


def column_origins(context: BatchContext, judged: JudgedBatch) -> ColumnLineage | None:
    """None if the batch has no bronze rows and the dataset has no bronze table.

    Where bronze has the contract's columns by their names, its own are known: no SELECT of theirs is parsed, which took a third
    of a run over a thousand columns.
    """
    engine, bronze = context.engine, context.table(Layer.BRONZE)
    if engine.info(bronze) is None:
        return None
    if is_aligned(context.contract, engine.types(bronze)):
        return batch_lineage(bronze, conversions(judged.plan))
    own = f"SELECT * FROM {bronze} WHERE _batch_seq = {context.pinned.seq}"
    rows = align_to_contract(engine, context.contract, bronze, own)
    return query_lineage(engine, context.contract, lineage_select(judged.plan, f"({rows})"), [bronze])
