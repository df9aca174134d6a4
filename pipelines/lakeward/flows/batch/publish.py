"""Publishes judged rows: silver, quarantine and duplicates, each counted separately.

Duplicates and corrections are decided against silver before this batch. After the commit the same counts
are read from the tables, so that a resumed batch reports the same numbers.
"""

from lakeward.contracts.model import Column, Contract, DataType, Grain, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, literal
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
from lakeward.flows.batch.duplicates import DuplicateCounts
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.flows.batch.publish_plan import PublishPlan
from lakeward.flows.batch.verdicts import append_verdicts

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


def publish_silver(context: BatchContext, judged: JudgedBatch, plan: PublishPlan) -> Counts:
    """Write quarantine, then silver; check that no bronze row is lost.

    Raises:
        InvariantError: Rows of bronze differ from silver, quarantine and duplicates.
    """
    _write_quarantine(context, judged, plan.failing)
    context.on_step(BatchStep.QUARANTINE)
    quarantine = context.count(Layer.QUARANTINE)
    duplicates = _write_silver(context, plan, judged.rows - quarantine)
    context.on_step(BatchStep.PUBLISHED)
    silver = context.count(Layer.SILVER)
    counts = Counts(bronze=judged.rows, silver=silver, quarantine=quarantine, duplicates=duplicates, corrections=plan.corrections)
    return _check_balance(context, counts)


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
    _write_quarantine(context, judged, judged.failing)
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


def _write_quarantine(context: BatchContext, judged: JudgedBatch, failing: str | None) -> None:
    if failing is None or context.engine.txn(context.table(Layer.QUARANTINE), context.txn.app) >= context.pinned.seq:
        return
    received = tuple(TableColumn(name, kind) for name, kind in judged.column_types.items() if not name.startswith("_"))
    row_id_columns = tuple(c for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN) if c.name in judged.column_types)
    spec = TableSpec(context.table(Layer.QUARANTINE), (*received, *row_id_columns, *REASON_COLUMNS, *PROVENANCE_COLUMNS))
    names = ", ".join(identifier(c.name) for c in (*received, *row_id_columns, *REASON_COLUMNS))
    query = f"SELECT {names}, {context.provenance_items()} FROM ({failing})"
    with_retries(lambda: context.engine.append(spec, query, context.txn))


def _write_silver(context: BatchContext, plan: PublishPlan, good: int) -> int:
    """Append or replace; returns the number of duplicates among the batch's `good` rows."""
    counts, row_key, rows = plan.counts, plan.row_key, plan.rows
    if counts is None:
        return _count_unpublished(context, rows)
    _record_corrections(context, counts)
    append_verdicts(context, plan.verdicts)
    context.on_step(BatchStep.CORRECTIONS)
    query = f"SELECT {silver_columns(context)} FROM ({publishable_rows(rows, counts)})"
    spec = silver_spec(context.contract)
    if counts.corrections and row_key:
        commit = with_retries(lambda: context.engine.replace(spec, query, row_key.keys, context.txn))
    elif (
        good > counts.duplicates or context.engine.info(spec.name) is None
    ):  # models can read an empty table, but not a missing one
        commit = with_retries(lambda: context.engine.append(spec, query, context.txn, rows=good - counts.duplicates))
    else:
        return counts.duplicates
    # A concurrent process may have committed the batch since silver was read above; then its rows count.
    return counts.duplicates if commit else _count_unpublished(context, rows)


def publishable_rows(rows: Relation, counts: DuplicateCounts) -> str:
    """SELECT of the good rows that are no duplicates."""
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
