"""The way of a batch of quarantined rows: its places are pinned as events, then its rows are judged and published like any other's.

Whatever happens in between, the rows are those that the events name, and each commit lands once under the batch's number.
"""

import logging
from dataclasses import replace

from lakeward.contracts.model import DataType
from lakeward.contracts.model import Kind as ValueKind
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals, identifier, literal
from lakeward.flows.base import lineage
from lakeward.flows.base.batch_context import EXTRA, INTEGER, PLACE, STAMP, STRING, Step, Work
from lakeward.flows.base.lineage import computed, traced
from lakeward.flows.base.pinning import Again
from lakeward.flows.base.report import Counts, Warnings
from lakeward.flows.batch.finish import Finished, finish
from lakeward.flows.batch.judge import Judged, judge
from lakeward.flows.batch.publish import publish
from lakeward.flows.quarantine.events import EVENTS, Event, Kind, record_places
from lakeward.flows.quarantine.open_rows import ASIDE, REPAIRED, has_quarantine, open_rows
from lakeward.flows.quarantine.selection import of_request
from lakeward_lineage import ColumnLineage

log = logging.getLogger(__name__)


def judge_again(work: Work) -> Finished:
    """Bring a planned replay or release to its end.

    A rule of severity halt does not stop it: these rows are no delivery, and the rows on which the rule fails are set aside again.
    """
    flow = str(work.pinned.again)
    _pin_places(work)
    work.on_step(Step.PLACES)
    taken = work.engine.materialise("taken", _taken(work))
    rows = work.engine.fetch(f"SELECT count(*) AS n FROM {taken}")[0]["n"]
    with traced(work, Layer.SILVER, [lineage.table(work, table.layer, rows) for table in _sources(work)]) as outputs:
        judged = judge(work, taken)
        done = publish(work, judged)
        origins = _origins(work, judged)
        outputs.append(lineage.table(work, Layer.SILVER, done.silver, lineage=origins, verdicts=judged.verdicts))
        outputs.append(lineage.table(work, Layer.QUARANTINE, done.quarantine))
    finished = finish(work, flow, replace(done, rows_in=done.bronze), judged, _warnings(work, done))
    log.info("batch_finished", extra=finished.facts())
    return finished


def _pin_places(work: Work) -> None:
    """Record which rows the batch takes; a rebuild takes the same."""
    name, seq = work.contract.name, work.pinned.seq
    app = f"quarantine/{name}"
    if work.engine.txn(EVENTS, app) >= seq:
        return
    selection, signature = of_request(work.pinned.request or "")
    event = Event(
        dataset=name,
        kind=Kind(str(work.pinned.again)),
        number=seq,
        upto_seq=seq - 1,
        signature=signature,
        at=work.clock.now(),
        batch_seq=seq,
    )
    rows = work.engine.materialise("open_rows", _open(work))
    record_places(work.engine, event, selection.places(rows, work.engine.types(rows)), app)


def _open(work: Work) -> str:
    """SELECT of what was open before this batch; a rebuild by better rules may have set nothing aside."""
    if has_quarantine(work.engine, work.contract.name):
        return open_rows(work.engine, work.contract, work.pinned.seq)
    types = {c.name: STRING for c in work.contract.columns} | dict.fromkeys((*ASIDE, REPAIRED), STRING)
    numbers = {"_file_seq": INTEGER, "_row": INTEGER, "_batch_seq": INTEGER, "_since": DataType(ValueKind.TIMESTAMP)}
    return work.engine.literal_rows(types | numbers, [])


def _taken(work: Work) -> str:
    """SELECT of the batch's rows as a delivered batch has them."""
    own = f"{equals(dataset=work.contract.name, batch_seq=work.pinned.seq)} AND file_seq IS NOT NULL"
    places = f"SELECT file_seq AS _file_seq, file_row AS _row FROM {EVENTS} WHERE {own}"
    names = _received_names(work)
    ids = f"{literal(work.run_id)} AS _run_id, {literal(work.pinned.id)} AS _batch_id"
    stamp = f"{ids}, CAST({work.pinned.seq} AS BIGINT) AS _batch_seq"
    return f"SELECT {names}, {stamp}, _since AS _ingested_at FROM ({_open(work)}) SEMI JOIN ({places}) USING (_file_seq, _row)"


def _received_names(work: Work) -> str:
    """What a row is received with, as SELECT items."""
    names = [*(c.name for c in work.contract.columns), *(c.name for c in (*PLACE, EXTRA))]
    return ", ".join(map(identifier, names))


def _sources(work: Work) -> list[TableName]:
    tables = [work.table(layer) for layer in (Layer.QUARANTINE, Layer.REPAIRS)]
    return [table for table in tables if work.engine.info(table)]


def _origins(work: Work, judged: Judged) -> ColumnLineage | None:
    """Each column comes from itself as it was set aside, or as it was repaired."""
    names = _received_names(work)
    stamp = ", ".join(f"NULL AS {c.name}" for c in STAMP)
    found = [(table, set(work.engine.types(table))) for table in _sources(work)]
    known = [table for table, there in found if {c.name for c in work.contract.columns} <= there]
    rows = " UNION ALL ".join(f"SELECT {names}, {stamp} FROM {table}" for table in known)
    return computed(work.engine, work.contract, judged.plan.flow(f"({rows})"), known) if known else None


def _warnings(work: Work, done: Counts) -> Warnings:
    if work.pinned.again is not Again.RELEASE or not done.quarantine:
        return ()
    return (("release_impossible", {"dataset": work.contract.name, "rows": done.quarantine}),)
