"""Receives a batch: parses its files into rejects and bronze. Rejects are written first, so a kill in between loses nothing."""

from collections.abc import Sequence

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation
from lakeward.core.sql import identifier
from lakeward.engines.tables import TableColumn, TableSpec
from lakeward.flows.base.batch_context import EXTRA_COLUMN, PROVENANCE_COLUMNS, ROW_ID_COLUMNS, STRING, BatchContext, BatchStep
from lakeward.flows.base.governance import with_retries
from lakeward.flows.base.report import Counts, Warnings

REJECT_COLUMNS = (
    *ROW_ID_COLUMNS,
    TableColumn("reason", STRING, comment="Message code of why the record could not be parsed"),
    TableColumn("detail", STRING, comment="What was expected and found; no data values"),
    TableColumn("raw", DataType(Kind.BINARY), comment="The record's bytes; null: the landed file itself is the record"),
)


def receive_batch(context: BatchContext, inputs: Sequence[BatchInput]) -> tuple[Counts, Warnings]:
    """Parse the batch's files into rejects and bronze, and check that no record is lost.

    Raises:
        InvariantError: Records read differ from rows in rejects and bronze.
    """
    bronze = context.engine.info(context.table(Layer.BRONZE))
    stored = {column.name: column.type for column in bronze.columns} if bronze else {}
    staged = context.engine.stage(inputs, context.contract.record_format, context.contract.columns, stored)
    reports, has_rejects = staged.reports, _has_rows(context, staged.rejects)
    _append_once(context, Layer.REJECTS, REJECT_COLUMNS, staged.rejects, has_rows=has_rejects)
    context.on_step(BatchStep.REJECTS)
    types = context.engine.types(staged.rows)
    columns = tuple(TableColumn(c.name, types[c.name]) for c in context.contract.columns)
    # A file without rejects has no record to look up.
    has_rows = (not has_rejects and any(r.records for r in reports)) or _has_rows(context, staged.rows)
    _append_once(context, Layer.BRONZE, (*columns, *ROW_ID_COLUMNS, EXTRA_COLUMN), staged.rows, has_rows=has_rows)
    context.on_step(BatchStep.BRONZE)
    counts = Counts(
        rows_in=sum(r.records for r in reports), bronze=context.count(Layer.BRONZE), rejects=context.count(Layer.REJECTS)
    )
    if counts.rows_in != counts.bronze + counts.rejects:
        raise InvariantError("records_lost", dataset=context.contract.name, batch=context.pinned.seq, **counts.as_dict())
    return counts, _warnings(reports)


def _has_rows(context: BatchContext, relation: Relation) -> bool:
    return bool(context.engine.fetch(f"SELECT count(*) AS n FROM (SELECT 1 FROM {relation} LIMIT 1)")[0]["n"])


def _append_once(
    context: BatchContext, layer: Layer, columns: tuple[TableColumn, ...], relation: Relation, *, has_rows: bool
) -> None:
    """Append the relation's rows once; without rows nothing is committed."""
    if not has_rows or context.engine.txn(context.table(layer), context.bronze_txn.app) >= context.pinned.seq:
        return
    names = ", ".join(identifier(c.name) for c in columns)
    spec = TableSpec(context.table(layer), (*columns, *PROVENANCE_COLUMNS))
    query = f"SELECT {names}, {context.provenance_items()} FROM {relation}"
    with_retries(lambda: context.engine.append(spec, query, context.bronze_txn))


def _warnings(reports: Sequence[FileReport]) -> Warnings:
    found = [("file_unknown_columns", r.name, r.unknown) for r in reports] + [
        ("file_missing_columns", r.name, r.missing) for r in reports
    ]
    return tuple((code, {"file": file, "columns": ", ".join(columns)}) for code, file, columns in found if columns)
