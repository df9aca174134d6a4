"""Receives a batch: parses its files into rejects and bronze. Rejects are written first, so a kill in between loses nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS
from lakeward.contracts.model import Contract, DataType, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation
from lakeward.core.sql import identifier, literal
from lakeward.engines.tables import TableColumn, TableSpec
from lakeward.flows.base.batch_context import EXTRA_COLUMN, PROVENANCE_COLUMNS, ROW_ID_COLUMNS, STRING, BatchContext, BatchStep
from lakeward.flows.base.governance import with_retries
from lakeward.flows.base.report import Counts, Warnings
from lakeward.flows.batch.births import record_births, with_births
from lakeward.flows.batch.file_notes import file_notes, reject_notes
from lakeward.flows.batch.other_columns import OtherColumns, describe_other_columns

REJECT_COLUMNS = (
    *ROW_ID_COLUMNS,
    TableColumn("reason", STRING, comment="Message code of why the record could not be parsed"),
    TableColumn("detail", STRING, comment="What was expected and found; no data values"),
    TableColumn("raw", DataType(Kind.BINARY), comment="The record's bytes; null: the landed file itself is the record"),
)
# Files of one batch whose beginning is looked at again: where hundreds are another dialect, the first ones show it.
MAX_DESCRIBED = 20


def receive_batch(context: BatchContext, inputs: Sequence[BatchInput]) -> tuple[Counts, Warnings]:
    """Parse the batch's files into rejects and bronze, and check that no record is lost.

    Raises:
        InvariantError: Records read differ from rows in rejects and bronze.
    """
    bronze = context.engine.info(context.table(Layer.BRONZE))
    stored = {column.name: column.type for column in bronze.columns} if bronze else {}
    contract = context.contract
    record_format = replace(contract.record_format, columns_found=contract.limits.columns_found)
    record_births(context, inputs)
    known = with_births(context.engine, contract, inputs)
    staged = context.engine.stage(known, record_format, contract.columns, stored)
    reports, has_rejects = staged.reports, _has_rows(context, staged.rejects)
    others = _files_with_other_columns(contract, inputs, reports)
    append_once(context, Layer.REJECTS, REJECT_COLUMNS, _with_details(context, staged.rejects, others), has_rows=has_rejects)
    context.on_step(BatchStep.REJECTS)
    types = context.engine.types(staged.rows)
    columns = tuple(TableColumn(c.name, types[c.name]) for c in contract.columns)
    # A file without rejects has no record to look up.
    has_rows = (not has_rejects and any(r.records for r in reports)) or _has_rows(context, staged.rows)
    bronze_columns, records = (*columns, *ROW_ID_COLUMNS, EXTRA_COLUMN), sum(r.records for r in reports)
    append_once(context, Layer.BRONZE, bronze_columns, staged.rows, has_rows=has_rows, rows=records)
    context.on_step(BatchStep.BRONZE)
    counts = Counts(rows_in=records, bronze=context.count(Layer.BRONZE), rejects=context.count(Layer.REJECTS))
    if counts.rows_in != counts.bronze + counts.rejects:
        raise InvariantError("records_lost", dataset=contract.name, batch=context.pinned.seq, **counts.as_dict())
    return counts, (*file_notes(contract, reports, others), *reject_notes(contract, counts, context.pinned.seq))


def _files_with_other_columns(
    contract: Contract, inputs: Sequence[BatchInput], reports: Sequence[FileReport]
) -> dict[int, OtherColumns]:
    """What is known of the first files of which too few columns are the contract's, by number."""
    files = {file.seq: file for file in inputs}
    refused = [report for report in reports if report.fault == OTHER_COLUMNS][:MAX_DESCRIBED]
    return {report.seq: describe_other_columns(contract, files[report.seq], report) for report in refused}


def _with_details(context: BatchContext, rejects: Relation, others: Mapping[int, OtherColumns]) -> Relation:
    """The rejects, those of files with other columns with what these have instead."""
    if not others:
        return rejects
    known = " ".join(f"WHEN {seq} THEN {literal(other.detail)}" for seq, other in others.items())
    names = ", ".join(
        c.name if c.name != "detail" else f"CASE _file_seq {known} ELSE detail END AS detail" for c in REJECT_COLUMNS
    )
    return context.engine.define("described_rejects", f"SELECT {names} FROM {rejects}")


def _has_rows(context: BatchContext, relation: Relation) -> bool:
    return bool(context.engine.fetch(f"SELECT count(*) AS n FROM (SELECT 1 FROM {relation} LIMIT 1)")[0]["n"])


def append_once(
    context: BatchContext,
    layer: Layer,
    columns: tuple[TableColumn, ...],
    relation: Relation,
    *,
    has_rows: bool,
    rows: int | None = None,
) -> None:
    """Append the relation's rows once; without rows nothing is committed.

    Args:
        rows: See `TableStore.append`.
    """
    if not has_rows or context.engine.txn(context.table(layer), context.bronze_txn.app) >= context.pinned.seq:
        return
    names = ", ".join(identifier(c.name) for c in columns)
    spec = TableSpec(context.table(layer), (*columns, *PROVENANCE_COLUMNS))
    query = f"SELECT {names}, {context.provenance_items()} FROM {relation}"
    with_retries(lambda: context.engine.append(spec, query, context.bronze_txn, rows=rows))
