"""The second half of a batch's way: judged rows become silver, quarantine and duplicates, each counted on its own.

What is a duplicate or a correction is decided against silver as it is before this batch; after the commit the same counts
are read back from the tables, so that a batch resumed after a kill reports the same numbers.
"""

from dataclasses import dataclass

from lakeward.contracts.model import Column, Contract, DataType, Grain, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, instant, literal
from lakeward.engines.protocols import TableColumn, TableSpec
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import EXTRA, INTEGER, PLACE, STAMP, STRING, Step, Work
from lakeward.flows.base.governance import settled
from lakeward.flows.base.report import Counts
from lakeward.flows.batch.judge import Judged
from lakeward.quality.identity import Identity, identity, stored, superseded

SILVER_STAMP = (
    TableColumn("_batch_seq", INTEGER, comment="Number of the batch the row came with"),
    TableColumn("_file_seq", INTEGER, comment="Number of the file in its source"),
    TableColumn("_row", INTEGER, comment="Record in that file, from 1"),
    TableColumn("_run_id", STRING, comment="Run that published the row"),
)
PARTITION = {Grain.DAY: ("_day", "day"), Grain.MONTH: ("_month", "month")}
VERDICT_COLUMNS = (
    TableColumn("_reasons", STRING, comment="JSON list of every rule that sent the row here"),
    TableColumn("_rules", STRING, comment="JSON of these rules' versions"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """How many rows of the batch are the same row as another one, and which.

    Args:
        later: Places of the superseded rows; None: none was looked for.
        stored: Rows of the batch whose key silver has (see `quality.identity.stored`); None: none was looked for.
    """

    superseded: int = 0
    same: int = 0
    corrections: int = 0
    later: Relation | None = None
    stored: Relation | None = None

    @property
    def duplicates(self) -> int:
        """Rows that are not published, since an equal or later row stands for them."""
        return self.superseded + self.same


def publish(work: Work, judged: Judged) -> Counts:
    """Write quarantine, then silver; prove that no bronze row was lost.

    Raises:
        InvariantError: Rows of bronze differ from silver, quarantine and duplicates.
    """
    _set_aside(work, judged)
    work.on_step(Step.QUARANTINE)
    quarantine = work.count(Layer.QUARANTINE)
    duplicates = _write_silver(work, judged, judged.rows - quarantine)
    work.on_step(Step.PUBLISHED)
    return _proven(
        work, Counts(bronze=judged.rows, silver=work.count(Layer.SILVER), quarantine=quarantine, duplicates=duplicates)
    )


def publish_gold(work: Work, judged: Judged, condition: str) -> Counts:
    """Write quarantine, then overwrite the gold rows for which `condition` holds with the good ones.

    What a killed run wrote stays, though its inputs may have grown since: the next curation takes in what came later.

    Raises:
        InvariantError: Rows computed differ from gold and quarantine.
    """
    resumed = any(work.engine.txn(work.table(layer), work.txn.app) >= work.pinned.seq for layer in (Layer.QUARANTINE, Layer.GOLD))
    _set_aside(work, judged)
    work.on_step(Step.QUARANTINE)
    query = f"SELECT {silver_columns(work)} FROM ({judged.good})"
    settled(lambda: work.engine.overwrite(silver_spec(work.contract), query, condition, work.txn))
    work.on_step(Step.PUBLISHED)
    gold, quarantine = work.count(Layer.GOLD), work.count(Layer.QUARANTINE)
    rows = gold + quarantine if resumed else judged.rows
    return _proven(work, Counts(rows_in=rows, bronze=rows, silver=gold, quarantine=quarantine))


def silver_spec(contract: Contract) -> TableSpec:
    """The silver (or gold) table that the contract describes."""
    columns = tuple(TableColumn(c.name, c.type, nullable=not c.required, comment=_comment(c)) for c in contract.columns)
    if contract.partition not in PARTITION:
        return TableSpec(_published(contract), (*columns, *SILVER_STAMP))
    name, _ = PARTITION[contract.partition]
    return TableSpec(_published(contract), (*columns, *SILVER_STAMP, TableColumn(name, DataType(Kind.DATE))), (name,))


def silver_columns(work: Work) -> str:
    """SELECT items of a published row, over a relation of good rows."""
    contract = work.contract
    names = ", ".join(identifier(c.name) for c in contract.columns)
    stamp = f"_batch_seq, _file_seq, _row, {work.engine.constant(work.run_id)} AS _run_id"
    if contract.partition not in PARTITION:
        return f"{names}, {stamp}"
    name, grain = PARTITION[contract.partition]
    assert contract.time_column is not None  # no contract has a grain of time without one
    day = f"CAST(date_trunc({literal(grain)}, {identifier(contract.time_column)}) AS DATE) AS {name}"
    return f"{names}, {stamp}, {day}"


def _proven(work: Work, counts: Counts) -> Counts:
    """The counts, if nothing was lost (docs/explanation/laws.md, 1): bronze = silver + quarantine + duplicates."""
    if counts.bronze != counts.silver + counts.quarantine + counts.duplicates:
        raise InvariantError("rows_lost", dataset=work.contract.name, batch=work.pinned.seq, **counts.as_dict())
    return counts


def _published(contract: Contract) -> TableName:
    return contract.table(contract.layer)


def _comment(column: Column) -> str:
    return f"{column.description} [{column.unit}]" if column.unit else column.description


def _set_aside(work: Work, judged: Judged) -> None:
    if judged.bad is None or work.engine.txn(work.table(Layer.QUARANTINE), work.txn.app) >= work.pinned.seq:
        return
    received = tuple(TableColumn(name, kind) for name, kind in judged.received.items() if not name.startswith("_"))
    place = tuple(c for c in (*PLACE, EXTRA) if c.name in judged.received)
    spec = TableSpec(work.table(Layer.QUARANTINE), (*received, *place, *VERDICT_COLUMNS, *STAMP))
    names = ", ".join(identifier(c.name) for c in (*received, *place, *VERDICT_COLUMNS))
    query = f"SELECT {names}, {work.stamp()} FROM ({judged.bad})"
    settled(lambda: work.engine.append(spec, query, work.txn))


def _write_silver(work: Work, judged: Judged, good: int) -> int:
    """Append or replace; the number of duplicates among the batch's `good` rows."""
    ident = identity(work.contract)
    rows = work.engine.define("good_rows", judged.good)
    if work.engine.txn(work.table(Layer.SILVER), work.txn.app) >= work.pinned.seq:
        return _count_unpublished(work, rows)
    twins = _find_twins(work, ident, judged, rows) if ident else Twins()
    _note_corrections(work, twins)
    work.on_step(Step.CORRECTIONS)
    query = f"SELECT {silver_columns(work)} FROM ({_winners(rows, twins)})"
    spec = silver_spec(work.contract)
    if twins.corrections and ident:
        landed = settled(lambda: work.engine.replace(spec, query, ident.keys, work.txn))
    elif good > twins.duplicates or work.engine.info(spec.name) is None:  # models can read a table without rows, but not none
        landed = settled(lambda: work.engine.append(spec, query, work.txn))
    else:
        return twins.duplicates
    # A rival may have landed the batch since the look at silver above; then its rows are what counts.
    return twins.duplicates if landed else _count_unpublished(work, rows)


def _find_twins(work: Work, ident: Identity, judged: Judged, rows: Relation) -> Twins:
    """Look for them among the batch's good `rows`; a proof spares both joins."""
    repeated, later = 0, None
    if judged.key_repeats:
        later = work.engine.materialise("superseded", superseded(ident, str(rows)))
        repeated = int(work.engine.fetch(f"SELECT count(*) AS n FROM {later}")[0]["n"])
    if work.engine.info(work.table(Layer.SILVER)) is None or _is_apart(work, ident, judged):
        return Twins(superseded=repeated, later=later)
    silver = _as_promised(work, work.table(Layer.SILVER))
    within = _within(ident, judged, work.pinned.seq, nullable=work.contract.duplicates_exact)
    late = work.pinned.again is not None
    known = work.engine.materialise("stored", stored(ident, str(rows), silver, within, late=late))
    winners = f"{known} ANTI JOIN {later} USING (_file_seq, _row)" if repeated else str(known)
    found = work.engine.fetch(f"""
        SELECT count(DISTINCT (_file_seq, _row)) FILTER (WHERE is_same) AS same,
               count(DISTINCT (_file_seq, _row)) FILTER (WHERE NOT is_same) AS corrections FROM {winners}""")[0]
    return Twins(superseded=repeated, same=found["same"], corrections=found["corrections"], later=later, stored=known)


def _is_apart(work: Work, ident: Identity, judged: Judged) -> bool:
    """Whether silver's log proves that no stored row has a key of the batch, since none has one of its times."""
    if not ident.time or not ident.keyed_by_time or judged.first is None or judged.last is None:
        return False
    return work.engine.has_none_between(work.table(Layer.SILVER), ident.time, judged.first, judged.last)


def _as_promised(work: Work, silver: TableName) -> str:
    """Silver with every column of the contract: one that this batch is the first to bring is empty so far."""
    there = work.engine.types(silver)
    new = "".join(f", NULL AS {identifier(column.name)}" for column in work.contract.columns if column.name not in there)
    return f"(SELECT *{new} FROM {silver})"


def _within(ident: Identity, judged: Judged, seq: int, *, nullable: bool) -> str:
    """Silver outside the batch's times can't hold the batch's keys, when the time is part of the key.

    Args:
        nullable: A row may have no time, and still be the same as another one (`duplicates: exact`).
    """
    others = f"_batch_seq <> {seq}"  # rows of this batch are there only if a rival has just landed it
    if not ident.time or not ident.keyed_by_time or judged.first is None or judged.last is None:
        return others
    time = identifier(ident.time)
    bounds = f"{time} BETWEEN {instant(judged.first)} AND {instant(judged.last)}"
    return f"{others} AND ({bounds} OR {time} IS NULL)" if nullable else f"{others} AND {bounds}"


def _winners(rows: Relation, twins: Twins) -> str:
    query = f"SELECT * FROM {rows}"
    if twins.superseded:
        query += f" ANTI JOIN {twins.later} USING (_file_seq, _row)"
    if twins.same:
        query += f" ANTI JOIN (SELECT _file_seq, _row FROM {twins.stored} WHERE is_same) USING (_file_seq, _row)"
    return query


def _note_corrections(work: Work, twins: Twins) -> None:
    """Remember where replaced rows lay in time, before they are replaced: gold recomputes those windows too."""
    if not twins.corrections or not work.contract.time_column:
        return
    hours = work.engine.fetch(f"""
        SELECT date_trunc('hour', old_time) AS old_hour, count(*) AS n FROM {twins.stored}
        WHERE NOT is_same AND old_time IS NOT NULL GROUP BY ALL ORDER BY 1""")
    head = {
        "dataset": work.contract.name,
        "batch_seq": work.pinned.seq,
        "generation": work.pinned.definition.generation,
        "column": work.contract.time_column,
    }
    rows = [{**head, "old_hour": hour["old_hour"], "rows": hour["n"]} for hour in hours]
    governance.record(work.engine, "corrections", rows, work.txn)


def _count_unpublished(work: Work, rows: Relation) -> int:
    """Duplicates of a batch whose silver landed before a kill: its good `rows` that silver does not hold."""
    published = f"SELECT _file_seq, _row FROM ({work.engine.batch_rows(work.table(Layer.SILVER), work.pinned.seq)})"
    query = f"SELECT count(*) AS n FROM {rows} ANTI JOIN ({published}) USING (_file_seq, _row)"
    return int(work.engine.fetch(query)[0]["n"])
