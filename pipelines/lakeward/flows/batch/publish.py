"""Publishes judged rows: silver, quarantine and duplicates, each counted separately.

Duplicates and corrections are decided against silver before this batch. After the commit the same counts
are read from the tables, so that a resumed batch reports the same numbers.
"""

from dataclasses import dataclass

from lakeward.contracts.model import Column, Contract, DataType, Grain, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, instant, literal
from lakeward.engines.tables import TableColumn, TableSpec
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import (
    EXTRA_COLUMN,
    INTEGER,
    PROVENANCE_COLUMNS,
    ROW_ID_COLUMNS,
    STRING,
    BatchContext,
    BatchStep,
)
from lakeward.flows.base.governance import with_retries
from lakeward.flows.base.report import Counts
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.quality.identity import RowIdentity, row_identity, stored_matches_select, superseded_rows_select

SILVER_PROVENANCE = (
    TableColumn("_batch_seq", INTEGER, comment="Number of the batch the row came with"),
    TableColumn("_file_seq", INTEGER, comment="Number of the file in its source"),
    TableColumn("_row", INTEGER, comment="Record in that file, from 1"),
    TableColumn("_run_id", STRING, comment="Run that published the row"),
)
PARTITION = {Grain.DAY: ("_day", "day"), Grain.MONTH: ("_month", "month")}
REASON_COLUMNS = (
    TableColumn("_reasons", STRING, comment="JSON list of every rule that sent the row here"),
    TableColumn("_rules", STRING, comment="JSON of these rules' versions"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCounts:
    """Counts of duplicate and corrected rows of a batch.

    Args:
        later: Row ids of superseded rows; None if not searched.
        stored: Rows of the batch whose key is in silver (see `quality.identity.stored`); None if not searched.
    """

    superseded: int = 0
    identical: int = 0
    corrections: int = 0
    later: Relation | None = None
    stored: Relation | None = None

    @property
    def duplicates(self) -> int:
        """Number of rows that are not published, because an equal or later row replaces them."""
        return self.superseded + self.identical


def publish_silver(context: BatchContext, judged: JudgedBatch) -> Counts:
    """Write quarantine, then silver; check that no bronze row is lost.

    Raises:
        InvariantError: Rows of bronze differ from silver, quarantine and duplicates.
    """
    _write_quarantine(context, judged)
    context.on_step(BatchStep.QUARANTINE)
    quarantine = context.count(Layer.QUARANTINE)
    duplicates = _write_silver(context, judged, judged.rows - quarantine)
    context.on_step(BatchStep.PUBLISHED)
    return _check_balance(
        context, Counts(bronze=judged.rows, silver=context.count(Layer.SILVER), quarantine=quarantine, duplicates=duplicates)
    )


def publish_gold(context: BatchContext, judged: JudgedBatch, condition: str) -> Counts:
    """Write quarantine, then replace the gold rows that satisfy `condition` by the good ones.

    Rows of a killed run stay even if its inputs have grown since: the next curation reads the newer rows.

    Raises:
        InvariantError: Rows computed differ from gold and quarantine.
    """
    resumed = any(
        context.engine.txn(context.table(layer), context.txn.app) >= context.pinned.seq
        for layer in (Layer.QUARANTINE, Layer.GOLD)
    )
    _write_quarantine(context, judged)
    context.on_step(BatchStep.QUARANTINE)
    query = f"SELECT {silver_columns(context)} FROM ({judged.passing})"
    with_retries(lambda: context.engine.overwrite(silver_spec(context.contract), query, condition, context.txn))
    context.on_step(BatchStep.PUBLISHED)
    gold, quarantine = context.count(Layer.GOLD), context.count(Layer.QUARANTINE)
    rows = gold + quarantine if resumed else judged.rows
    return _check_balance(context, Counts(rows_in=rows, bronze=rows, silver=gold, quarantine=quarantine))


def silver_spec(contract: Contract) -> TableSpec:
    """The silver (or gold) table that the contract describes."""
    columns = tuple(TableColumn(c.name, c.type, nullable=not c.required, comment=_column_comment(c)) for c in contract.columns)
    if contract.partition not in PARTITION:
        return TableSpec(_published_table(contract), (*columns, *SILVER_PROVENANCE))
    name, _ = PARTITION[contract.partition]
    return TableSpec(_published_table(contract), (*columns, *SILVER_PROVENANCE, TableColumn(name, DataType(Kind.DATE))), (name,))


def silver_columns(context: BatchContext) -> str:
    """SELECT items of a published row, over a relation of good rows."""
    contract = context.contract
    names = ", ".join(identifier(c.name) for c in contract.columns)
    stamp = f"_batch_seq, _file_seq, _row, {context.engine.constant(context.run_id)} AS _run_id"
    if contract.partition not in PARTITION:
        return f"{names}, {stamp}"
    name, grain = PARTITION[contract.partition]
    assert contract.time_column is not None  # a contract with a time grain has a time column
    day = f"CAST(date_trunc({literal(grain)}, {identifier(contract.time_column)}) AS DATE) AS {name}"
    return f"{names}, {stamp}, {day}"


def _check_balance(context: BatchContext, counts: Counts) -> Counts:
    """Return the counts if nothing was lost (docs/explanation/laws.md, 1): bronze = silver + quarantine + duplicates."""
    if counts.bronze != counts.silver + counts.quarantine + counts.duplicates:
        raise InvariantError("rows_lost", dataset=context.contract.name, batch=context.pinned.seq, **counts.as_dict())
    return counts


def _published_table(contract: Contract) -> TableName:
    return contract.table(contract.layer)


def _column_comment(column: Column) -> str:
    return f"{column.description} [{column.unit}]" if column.unit else column.description


def _write_quarantine(context: BatchContext, judged: JudgedBatch) -> None:
    if judged.failing is None or context.engine.txn(context.table(Layer.QUARANTINE), context.txn.app) >= context.pinned.seq:
        return
    received = tuple(TableColumn(name, kind) for name, kind in judged.column_types.items() if not name.startswith("_"))
    row_id_columns = tuple(c for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN) if c.name in judged.column_types)
    spec = TableSpec(context.table(Layer.QUARANTINE), (*received, *row_id_columns, *REASON_COLUMNS, *PROVENANCE_COLUMNS))
    names = ", ".join(identifier(c.name) for c in (*received, *row_id_columns, *REASON_COLUMNS))
    query = f"SELECT {names}, {context.provenance_items()} FROM ({judged.failing})"
    with_retries(lambda: context.engine.append(spec, query, context.txn))


def _write_silver(context: BatchContext, judged: JudgedBatch, good: int) -> int:
    """Append or replace; returns the number of duplicates among the batch's `good` rows."""
    row_key = row_identity(context.contract)
    rows = context.engine.define("good_rows", judged.passing)
    if context.engine.txn(context.table(Layer.SILVER), context.txn.app) >= context.pinned.seq:
        return _count_unpublished(context, rows)
    counts = _count_duplicates(context, row_key, judged, rows) if row_key else DuplicateCounts()
    _record_corrections(context, counts)
    context.on_step(BatchStep.CORRECTIONS)
    query = f"SELECT {silver_columns(context)} FROM ({_publishable_rows(rows, counts)})"
    spec = silver_spec(context.contract)
    if counts.corrections and row_key:
        commit = with_retries(lambda: context.engine.replace(spec, query, row_key.keys, context.txn))
    elif (
        good > counts.duplicates or context.engine.info(spec.name) is None
    ):  # models can read an empty table, but not a missing one
        commit = with_retries(lambda: context.engine.append(spec, query, context.txn))
    else:
        return counts.duplicates
    # A concurrent process may have committed the batch since silver was read above; then its rows count.
    return counts.duplicates if commit else _count_unpublished(context, rows)


def _count_duplicates(context: BatchContext, row_key: RowIdentity, judged: JudgedBatch, rows: Relation) -> DuplicateCounts:
    """Count duplicates among the batch's good `rows`; skips the joins if statistics prove that there are none."""
    repeated, later = 0, None
    if judged.key_repeats:
        later = context.engine.materialise("superseded", superseded_rows_select(row_key, str(rows)))
        repeated = int(context.engine.fetch(f"SELECT count(*) AS n FROM {later}")[0]["n"])
    if context.engine.info(context.table(Layer.SILVER)) is None or _has_no_overlap(context, row_key, judged):
        return DuplicateCounts(superseded=repeated, later=later)
    silver = _with_contract_columns(context, context.table(Layer.SILVER))
    within = _time_filter(row_key, judged, context.pinned.seq, nullable=context.contract.duplicates_exact)
    late = context.pinned.reprocess is not None
    known = context.engine.materialise("stored", stored_matches_select(row_key, str(rows), silver, within, late=late))
    winners = f"{known} ANTI JOIN {later} USING (_file_seq, _row)" if repeated else str(known)
    found = context.engine.fetch(f"""
        SELECT count(DISTINCT (_file_seq, _row)) FILTER (WHERE is_same) AS same,
               count(DISTINCT (_file_seq, _row)) FILTER (WHERE NOT is_same) AS corrections FROM {winners}""")[0]
    return DuplicateCounts(
        superseded=repeated, identical=found["same"], corrections=found["corrections"], later=later, stored=known
    )


def _has_no_overlap(context: BatchContext, row_key: RowIdentity, judged: JudgedBatch) -> bool:
    """Whether the statistics in silver's log prove that silver has no row in the batch's time range."""
    if not row_key.time or not row_key.keyed_by_time or judged.first is None or judged.last is None:
        return False
    return context.engine.has_no_rows_between(context.table(Layer.SILVER), row_key.time, judged.first, judged.last)


def _with_contract_columns(context: BatchContext, silver: TableName) -> str:
    """Silver with every column of the contract; a column that silver does not have yet is NULL."""
    stored_columns = context.engine.types(silver)
    new = "".join(
        f", NULL AS {identifier(column.name)}" for column in context.contract.columns if column.name not in stored_columns
    )
    return f"(SELECT *{new} FROM {silver})"


def _time_filter(row_key: RowIdentity, judged: JudgedBatch, seq: int, *, nullable: bool) -> str:
    """Condition that limits silver to the batch's time range, if the time is part of the key.

    Args:
        nullable: Whether a row without a time can equal another one (`duplicates: exact`).
    """
    others = f"_batch_seq <> {seq}"  # rows of this batch exist only if a concurrent process has just committed it
    if not row_key.time or not row_key.keyed_by_time or judged.first is None or judged.last is None:
        return others
    time = identifier(row_key.time)
    bounds = f"{time} BETWEEN {instant(judged.first)} AND {instant(judged.last)}"
    return f"{others} AND ({bounds} OR {time} IS NULL)" if nullable else f"{others} AND {bounds}"


def _publishable_rows(rows: Relation, counts: DuplicateCounts) -> str:
    query = f"SELECT * FROM {rows}"
    if counts.superseded:
        query += f" ANTI JOIN {counts.later} USING (_file_seq, _row)"
    if counts.identical:
        query += f" ANTI JOIN (SELECT _file_seq, _row FROM {counts.stored} WHERE is_same) USING (_file_seq, _row)"
    return query


def _record_corrections(context: BatchContext, counts: DuplicateCounts) -> None:
    """Store the times of replaced rows before they are replaced: gold recomputes those windows too."""
    if not counts.corrections or not context.contract.time_column:
        return
    hours = context.engine.fetch(f"""
        SELECT date_trunc('hour', old_time) AS old_hour, count(*) AS n FROM {counts.stored}
        WHERE NOT is_same AND old_time IS NOT NULL GROUP BY ALL ORDER BY 1""")
    head = {
        "dataset": context.contract.name,
        "batch_seq": context.pinned.seq,
        "generation": context.pinned.definition.generation,
        "column": context.contract.time_column,
    }
    rows = [{**head, "old_hour": hour["old_hour"], "rows": hour["n"]} for hour in hours]
    governance.append_rows(context.engine, "corrections", rows, context.txn)


def _count_unpublished(context: BatchContext, rows: Relation) -> int:
    """Duplicates of a batch whose silver landed before a kill: its good `rows` that silver does not hold."""
    published = f"SELECT _file_seq, _row FROM ({context.engine.batch_rows(context.table(Layer.SILVER), context.pinned.seq)})"
    query = f"SELECT count(*) AS n FROM {rows} ANTI JOIN ({published}) USING (_file_seq, _row)"
    return int(context.engine.fetch(query)[0]["n"])
