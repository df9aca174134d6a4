"""What the lake holds of a collected source: how far its clock is off, and how often values may have been missed."""

from dataclasses import replace
from datetime import timedelta

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.source_events import SOURCE_EVENTS
from lakeward.flows.operations.source_answers import SourceStatus

# Events behind which values may be missing, and for how long they are shown.
GAPS = ("source_gap", "source_sequence_gap", "source_session_lost", "source_gap_accepted")
RECENT = timedelta(days=1)


def with_records(workspace: Workspace, engine: Engine, contract: Contract, status: SourceStatus) -> SourceStatus:
    """The status with `clock_offset` and `gaps`."""
    return replace(status, clock_offset=_clock_offset(engine, contract), gaps=_gaps(workspace, engine, contract))


def _clock_offset(engine: Engine, contract: Contract) -> float | None:
    """Median delay of the newest rows of silver, in seconds; None without a column that says it."""
    table = contract.table(Layer.SILVER)
    delay = next((column.name for column in contract.columns if column.delay_of), None)
    if delay is None or engine.info(table) is None or delay not in engine.types(table):
        return None
    newest = f"SELECT max(_batch_seq) FROM {table}"
    [found] = engine.fetch(f"SELECT median({identifier(delay)}) AS seconds FROM {table} WHERE _batch_seq = ({newest})")
    return None if found["seconds"] is None else round(found["seconds"], 3)


def _gaps(workspace: Workspace, engine: Engine, contract: Contract) -> int:
    table = governance.table_name(SOURCE_EVENTS)
    if engine.info(table) is None:
        return 0
    since = literal((workspace.clock.now() - RECENT).isoformat())
    kinds = ", ".join(map(literal, GAPS))
    recent = f"dataset = {literal(contract.name)} AND kind IN ({kinds}) AND happened_at >= CAST({since} AS TIMESTAMPTZ)"
    [found] = engine.fetch(f"SELECT count(*) AS n FROM {table} WHERE {recent}")
    return int(found["n"])
