"""Runs a batch of quarantined rows: pins their row ids as events, then judges and publishes them.

The events name the rows, also after a kill, and each commit is made once under the batch's number.
"""

import logging
from dataclasses import replace

from lakeward.contracts.model import DataType
from lakeward.contracts.model import Kind as ValueKind
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals, identifier, literal
from lakeward.flows.base import lineage_events
from lakeward.flows.base.batch_context import (
    EXTRA_COLUMN,
    INTEGER,
    PROVENANCE_COLUMNS,
    ROW_ID_COLUMNS,
    STRING,
    BatchContext,
    BatchStep,
)
from lakeward.flows.base.lineage_events import query_lineage, trace_step
from lakeward.flows.base.pinning import Reprocess
from lakeward.flows.base.report import Counts, Warnings
from lakeward.flows.batch.finish import BatchResult, finish_batch
from lakeward.flows.batch.judge import JudgedBatch, judge_batch
from lakeward.flows.batch.publish import publish_silver
from lakeward.flows.batch.publish_plan import plan_publish
from lakeward.flows.batch.unit_notes import unit_notes
from lakeward.flows.quarantine.events import EVENTS, EventKind, QuarantineEvent, append_row_events
from lakeward.flows.quarantine.open_rows import QUARANTINE_COLUMNS, REPAIRED_COLUMN, has_quarantine, open_rows
from lakeward.flows.quarantine.selection import parse_request
from lakeward.quality.data_flow import lineage_select
from lakeward_lineage import ColumnLineage

log = logging.getLogger(__name__)


def reprocess_batch(context: BatchContext) -> BatchResult:
    """Run a planned replay or release.

    A rule of severity `halt` does not stop it: rows that fail the rule are quarantined again.
    """
    flow = str(context.pinned.reprocess)
    _pin_row_ids(context)
    context.on_step(BatchStep.ROW_IDS)
    taken = context.engine.materialise("taken", _batch_rows_query(context))
    rows = context.engine.fetch(f"SELECT count(*) AS n FROM {taken}")[0]["n"]
    with trace_step(
        context, Layer.SILVER, [lineage_events.layer_dataset(context, table.layer, rows) for table in _source_tables(context)]
    ) as outputs:
        judged = judge_batch(context, taken, each_row=True)
        plan = plan_publish(context, judged, taken, can_halt=False)
        judged = replace(judged, verdicts=(*judged.verdicts, *plan.verdicts))
        published = publish_silver(context, judged, plan)
        origins = _column_origins(context, judged)
        outputs.append(
            lineage_events.layer_dataset(context, Layer.SILVER, published.silver, lineage=origins, verdicts=judged.verdicts)
        )
        outputs.append(lineage_events.layer_dataset(context, Layer.QUARANTINE, published.quarantine))
    notes = (*_warnings(context, published), *unit_notes(context, judged))
    finished = finish_batch(context, flow, replace(published, rows_in=published.bronze), judged, notes)
    log.info("batch_finished", extra=finished.log_fields())
    return finished


def _pin_row_ids(context: BatchContext) -> None:
    """Record the rows of the batch; a rebuild uses the same."""
    name, seq = context.contract.name, context.pinned.seq
    app = f"quarantine/{name}"
    if context.engine.txn(EVENTS, app) >= seq:
        return
    selection, signature = parse_request(context.pinned.request or "")
    event = QuarantineEvent(
        dataset=name,
        kind=EventKind(str(context.pinned.reprocess)),
        number=seq,
        upto_seq=seq - 1,
        signature=signature,
        at=context.clock.now(),
        batch_seq=seq,
    )
    rows = context.engine.materialise("open_rows", _open_rows_query(context))
    append_row_events(context.engine, event, selection.row_ids(rows, context.engine.types(rows)), app)


def _open_rows_query(context: BatchContext) -> str:
    """SELECT of the rows that were open before this batch; none if a rebuild has quarantined nothing."""
    if has_quarantine(context.engine, context.contract.name):
        return open_rows(context.engine, context.contract, context.pinned.seq)
    types = {c.name: STRING for c in context.contract.columns} | dict.fromkeys((*QUARANTINE_COLUMNS, REPAIRED_COLUMN), STRING)
    numbers = {"_file_seq": INTEGER, "_row": INTEGER, "_batch_seq": INTEGER, "_since": DataType(ValueKind.TIMESTAMP)}
    return context.engine.literal_rows(types | numbers, [])


def _batch_rows_query(context: BatchContext) -> str:
    """SELECT of the batch's rows, with the columns of a received batch."""
    own = f"{equals(dataset=context.contract.name, batch_seq=context.pinned.seq)} AND file_seq IS NOT NULL"
    row_ids = f"SELECT file_seq AS _file_seq, file_row AS _row FROM {EVENTS} WHERE {own}"
    names = received_columns(context)
    ids = f"{literal(context.run_id)} AS _run_id, {literal(context.pinned.id)} AS _batch_id"
    stamp = f"{ids}, CAST({context.pinned.seq} AS BIGINT) AS _batch_seq"
    return f"SELECT {names}, {stamp}, _since AS _ingested_at FROM ({_open_rows_query(context)}) SEMI JOIN ({row_ids}) USING (_file_seq, _row)"


def received_columns(context: BatchContext) -> str:
    """SELECT items of the columns that a row is received with."""
    names = [*(c.name for c in context.contract.columns), *(c.name for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN))]
    return ", ".join(map(identifier, names))


def _source_tables(context: BatchContext) -> list[TableName]:
    tables = [context.table(layer) for layer in (Layer.QUARANTINE, Layer.REPAIRS)]
    return [table for table in tables if context.engine.info(table)]


def _column_origins(context: BatchContext, judged: JudgedBatch) -> ColumnLineage | None:
    """Column lineage: each column comes from the same column of quarantine or repairs."""
    names = received_columns(context)
    stamp = ", ".join(f"NULL AS {c.name}" for c in PROVENANCE_COLUMNS)
    found = [(table, set(context.engine.types(table))) for table in _source_tables(context)]
    complete_tables = [table for table, column_names in found if {c.name for c in context.contract.columns} <= column_names]
    rows = " UNION ALL ".join(f"SELECT {names}, {stamp} FROM {table}" for table in complete_tables)
    return (
        query_lineage(context.engine, context.contract, lineage_select(judged.plan, f"({rows})"), complete_tables)
        if complete_tables
        else None
    )


def _warnings(context: BatchContext, counts: Counts) -> Warnings:
    if context.pinned.reprocess is not Reprocess.RELEASE or not counts.quarantine:
        return ()
    return (("release_impossible", {"dataset": context.contract.name, "rows": counts.quarantine}),)
