"""Reads rejected messages again, by the current contract and decoder, from the segments that hold their bytes.

Bronze is the record of what was read: a message that has rows in it from a later batch than its reject is settled. So a batch
that is killed anywhere, and run again, brings each record once.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Contract
from lakeward.contracts.payload import RECORDS_PER_MESSAGE
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn
from lakeward.flows.base import governance, lineage_events
from lakeward.flows.base.batch_context import EXTRA_COLUMN, ROW_ID_COLUMNS, BatchContext, BatchStep
from lakeward.flows.base.lineage_events import trace_step
from lakeward.flows.base.pinning import Reprocess
from lakeward.flows.base.report import Counts
from lakeward.flows.batch.births import with_births
from lakeward.flows.batch.bronze_rows import bronze_rows
from lakeward.flows.batch.finish import BatchResult, finish_batch
from lakeward.flows.batch.judge import judge_batch
from lakeward.flows.batch.origins import column_origins
from lakeward.flows.batch.publish import publish_silver
from lakeward.flows.batch.publish_plan import plan_publish
from lakeward.flows.batch.receive import REJECT_COLUMNS, append_once
from lakeward.flows.batch.unit_notes import unit_notes
from lakeward.sources.protocols import MessageSource, Source

log = logging.getLogger(__name__)
# Segments that are read again in one batch.
MAX_SEGMENTS = 1024
# A segment that can't be read at all is one reject, and no message of it is known.
_WHOLE_FILE = "reject_unreadable"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What rejected messages are now.

    Args:
        rows: Records that can be read, with the columns of bronze and their places.
        rejects: Records of the same messages that can't be read, and were not known before.
        count: Number of `rows`.
    """

    rows: Relation
    rejects: Relation
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectSelection:
    """Rejected messages to read again.

    Args:
        segments: First and last segment.
        reasons: Message codes of why they were rejected; empty: any.
        schemas: Number of the schemas to read them by; 0: those of their time.
    """

    segments: tuple[int, int] = (0, (1 << 63) - 1)
    reasons: tuple[str, ...] = ()
    schemas: int = 0

    def to_request(self, by: str) -> str:
        """The selection as JSON, with who asked for it."""
        request = {"segments": self.segments, "reasons": self.reasons, "schemas": self.schemas, "by": by}
        return json.dumps(request, ensure_ascii=False)


def parse_reject_request(text: str) -> RejectSelection:
    """The selection of a planned batch."""
    request = json.loads(text)
    first, last = request["segments"]
    return RejectSelection(segments=(first, last), reasons=tuple(request["reasons"]), schemas=request.get("schemas", 0))


def rejected_segments(engine: Engine, contract: Contract, reasons: Sequence[str]) -> list[int]:
    """Numbers of the segments that have open rejects, in order."""
    if engine.info(contract.table(Layer.REJECTS)) is None:
        return []
    selection = RejectSelection(reasons=tuple(reasons))
    opened = _open_rejects(engine, contract.name, selection)
    found = engine.fetch(f"SELECT DISTINCT _file_seq AS seq FROM ({opened}) ORDER BY seq")
    return [row["seq"] for row in found]


def settled_rejects(engine: Engine, dataset: str) -> str | None:
    """SELECT of `_file_seq, _row` of rejects that were read again; None where none were."""
    if not governance.read_rows(engine, "batches", dataset=dataset, kind=Reprocess.DECODE):
        return None
    rejects = TableName(Layer.REJECTS, dataset)
    return f"SELECT _file_seq, _row FROM {rejects} ANTI JOIN ({_open_rejects(engine, dataset, RejectSelection())}) USING (_file_seq, _row) WHERE reason <> {literal(_WHOLE_FILE)}"


def decode_rejects(
    engine: Engine, contract: Contract, selection: RejectSelection, inputs: Sequence[BatchInput], before: int | None = None
) -> Decoded:
    """Read the selected messages again.

    Args:
        inputs: Their segments.
        before: Number of the batch that does so; None: none does.
    """
    bronze, rejects = contract.table(Layer.BRONZE), contract.table(Layer.REJECTS)
    info = engine.info(bronze)
    stored = {column.name: column.type for column in info.columns} if info else {}
    staged = engine.stage(with_births(engine, contract, inputs), contract.record_format, contract.columns, stored)
    opened = engine.materialise("open_rejects", _open_rejects(engine, contract.name, selection, before))
    whole = f"SELECT DISTINCT _file_seq, message AS _message FROM {opened} WHERE is_whole"
    part = f"SELECT _file_seq, _row FROM {opened} WHERE NOT is_whole"
    # By name: behind a join by columns, Spark puts these first in `*`.
    items = ", ".join(map(identifier, (*engine.types(staged.rows), "_message")))
    rows = engine.materialise(
        "decoded_rows",
        f"SELECT {items} FROM (SELECT *, {_message('_row')} AS _message FROM {staged.rows}) s SEMI JOIN ({whole}) USING (_file_seq, _message) "
        f"UNION ALL SELECT {items} FROM (SELECT *, {_message('_row')} AS _message FROM {staged.rows}) s SEMI JOIN ({part}) USING (_file_seq, _row)",
    )
    known = f"SELECT _file_seq, _row FROM {rejects}" + ("" if before is None else f" WHERE _batch_seq < {before}")
    new = engine.materialise(
        "decoded_rejects",
        f"SELECT s.* FROM (SELECT *, {_message('_row')} AS _message FROM {staged.rejects}) s "
        f"SEMI JOIN ({whole}) USING (_file_seq, _message) SEMI JOIN (SELECT _file_seq, _message FROM {rows}) USING (_file_seq, _message) ANTI JOIN ({known}) USING (_file_seq, _row)",
    )
    return Decoded(rows, new, engine.fetch(f"SELECT count(*) AS n FROM {rows}")[0]["n"])


def message_source(source: Source) -> MessageSource:
    """The source as one of messages.

    Raises:
        InvariantError: It is none.
    """
    if not isinstance(source, MessageSource):
        raise InvariantError("source_without_messages", source=type(source).__name__)
    return source


def segments_of(source: MessageSource, numbers: Sequence[int], schemas: int) -> tuple[BatchInput, ...]:
    """The segments of these numbers that are still kept, to be read by the schemas of a number."""
    found: list[BatchInput] = []
    for number in numbers:
        try:
            found += source.inputs_by(number - 1, number, schemas)
        except InvariantError:
            continue
    return tuple(found)


def decode_batch(context: BatchContext, source: Source) -> BatchResult:
    """Run a planned batch of rejected messages. What can be read is judged as rows that came with no delivery; nothing halts it."""
    received = _receive(context, source)
    rows = context.engine.define("batch_rows", bronze_rows(context))
    with trace_step(context, Layer.SILVER, [lineage_events.layer_dataset(context, Layer.BRONZE, received.bronze)]) as outputs:
        judged = judge_batch(context, rows, each_row=True)
        plan = plan_publish(context, judged, rows, can_halt=False)
        judged = replace(judged, verdicts=(*judged.verdicts, *plan.verdicts))
        published = publish_silver(context, judged, plan)
        origins = column_origins(context, judged)
        outputs.append(
            lineage_events.layer_dataset(context, Layer.SILVER, published.silver, lineage=origins, verdicts=judged.verdicts)
        )
        outputs.append(lineage_events.layer_dataset(context, Layer.QUARANTINE, published.quarantine))
    counts = replace(published, rows_in=received.rows_in, bronze=received.bronze, rejects=received.rejects)
    finished = finish_batch(context, str(context.pinned.reprocess), counts, judged, unit_notes(context, judged))
    log.info("batch_finished", extra=finished.log_fields())
    return finished


def _receive(context: BatchContext, source: Source) -> Counts:
    """Bring what can be read now into bronze, and rejects of it that are new into rejects; once, also after a kill.

    A rebuild finds both written, and counts them.
    """
    engine, contract, seq = context.engine, context.contract, context.pinned.seq
    if engine.txn(contract.table(Layer.BRONZE), context.bronze_txn.app) < seq:
        selection = parse_reject_request(context.pinned.request or "")
        numbers = [n for n in rejected_segments(engine, contract, selection.reasons) if _is_in(n, selection)]
        inputs = segments_of(message_source(source), numbers, selection.schemas)
        with trace_step(context, Layer.BRONZE, [lineage_events.landing_dataset(contract, inputs)]) as outputs:
            decoded = decode_rejects(engine, contract, selection, inputs, seq)
            has_rejects = bool(engine.fetch(f"SELECT count(*) AS n FROM {decoded.rejects}")[0]["n"])
            append_once(context, Layer.REJECTS, REJECT_COLUMNS, decoded.rejects, has_rows=has_rejects)
            context.on_step(BatchStep.REJECTS)
            types = engine.types(decoded.rows)
            columns = tuple(TableColumn(c.name, types[c.name]) for c in contract.columns)
            append_once(
                context, Layer.BRONZE, (*columns, *ROW_ID_COLUMNS, EXTRA_COLUMN), decoded.rows, has_rows=bool(decoded.count)
            )
            context.on_step(BatchStep.BRONZE)
            count = context.count(Layer.BRONZE)
            if count != decoded.count:
                raise InvariantError(
                    "records_lost", dataset=contract.name, batch=seq, rows_in=decoded.count, bronze=count, rejects=0
                )
            lineage = lineage_events.bronze_lineage(contract)
            outputs.append(lineage_events.layer_dataset(context, Layer.BRONZE, count, lineage=lineage))
    bronze, rejects = context.count(Layer.BRONZE), context.count(Layer.REJECTS)
    return Counts(rows_in=bronze + rejects, bronze=bronze, rejects=rejects)


def _is_in(number: int, selection: RejectSelection) -> bool:
    return selection.segments[0] <= number <= selection.segments[1]


def _open_rejects(engine: Engine, dataset: str, selection: RejectSelection, before: int | None = None) -> str:
    """SELECT of `_file_seq, _row, message, is_whole` of rejects whose records are not in bronze.

    A message is whole if none of it was read with its reject: then all of it is read again, else the rejected record alone.
    """
    within = "TRUE" if before is None else f"_batch_seq < {before}"
    first, last = selection.segments
    reasons = (
        f"reason IN ({', '.join(map(literal, selection.reasons))})" if selection.reasons else f"reason <> {literal(_WHOLE_FILE)}"
    )
    rejects = (
        f"SELECT _file_seq, _row, _batch_seq, {_message('_row')} AS message FROM {TableName(Layer.REJECTS, dataset)} "
        f"WHERE {within} AND {reasons} AND _file_seq BETWEEN {first} AND {last}"
    )
    bronze = TableName(Layer.BRONZE, dataset)
    if engine.info(bronze) is None:
        return f"SELECT _file_seq, _row, message, TRUE AS is_whole FROM ({rejects})"
    stored = f"SELECT _file_seq, _row, _batch_seq, {_message('_row')} AS message FROM {bronze} WHERE {within} AND _file_seq BETWEEN {first} AND {last}"
    by_message = f"SELECT _file_seq, message, min(_batch_seq) AS first_batch FROM ({stored}) GROUP BY ALL"
    return (
        f"SELECT r._file_seq, r._row, r.message, m.first_batch IS NULL AS is_whole FROM ({rejects}) r "
        f"LEFT JOIN ({by_message}) m ON m._file_seq = r._file_seq AND m.message = r.message "
        f"ANTI JOIN ({stored}) s ON s._file_seq = r._file_seq AND s._row = r._row "
        "WHERE m.first_batch IS NULL OR m.first_batch <= r._batch_seq"
    )


def _message(row: str) -> str:
    """Number of the message in its segment: one value per message has no place in it (`contracts/payload.py`)."""
    return f"CASE WHEN {identifier(row)} < {RECORDS_PER_MESSAGE} THEN {identifier(row)} ELSE {identifier(row)} // {RECORDS_PER_MESSAGE} END"
