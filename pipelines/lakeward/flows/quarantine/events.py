"""What people did about rows and batches that were set aside: `governance.quarantine_events`."""

from lakeward.core.names import Layer, TableName
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine

EVENTS = TableName(Layer.GOVERNANCE, "quarantine_events")


def released(engine: Engine, dataset: str, batch_seq: int) -> bool:
    """Whether a steward released this batch, which a rule of severity `halt` had stopped."""
    if engine.info(EVENTS) is None:
        return False
    where = f"dataset = {literal(dataset)} AND event = 'release' AND batch_seq = {batch_seq} AND file_seq IS NULL"
    return bool(engine.fetch(f"SELECT 1 FROM {EVENTS} WHERE {where} LIMIT 1"))
