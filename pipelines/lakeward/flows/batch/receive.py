"""The first half of a batch's way: from named files to rejects and bronze. Rejects first, so a kill in between loses nothing."""

from collections.abc import Sequence

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer, Relation
from lakeward.core.sql import identifier
from lakeward.engines.protocols import TableColumn, TableSpec
from lakeward.flows.base.batch_context import EXTRA, PLACE, STAMP, STRING, Step, Work
from lakeward.flows.base.governance import settled
from lakeward.flows.base.report import Counts, Warnings

REJECT_COLUMNS = (
    *PLACE,
    TableColumn("reason", STRING, comment="Message code of why the record could not be parsed"),
    TableColumn("detail", STRING, comment="What was expected and found; no data values"),
    TableColumn("raw", DataType(Kind.BINARY), comment="The record's bytes; null: the landed file itself is the record"),
)


def receive(work: Work, inputs: Sequence[BatchInput]) -> tuple[Counts, Warnings]:
    """Parse the batch's files into rejects and bronze, and prove that no record was lost on the way.

    Raises:
        InvariantError: Records read differ from rows in rejects and bronze.
    """
    bronze = work.engine.info(work.table(Layer.BRONZE))
    stored = {column.name: column.type for column in bronze.columns} if bronze else {}
    staged = work.engine.stage(inputs, work.contract.record_format, work.contract.columns, stored)
    reports, rejected = staged.reports, _has_rows(work, staged.rejects)
    _land(work, Layer.REJECTS, REJECT_COLUMNS, staged.rejects, there=rejected)
    work.on_step(Step.REJECTS)
    types = work.engine.types(staged.rows)
    columns = tuple(TableColumn(c.name, types[c.name]) for c in work.contract.columns)
    # A file of which nothing was rejected is all rows: they need not be asked.
    there = (not rejected and any(r.records for r in reports)) or _has_rows(work, staged.rows)
    _land(work, Layer.BRONZE, (*columns, *PLACE, EXTRA), staged.rows, there=there)
    work.on_step(Step.BRONZE)
    counts = Counts(rows_in=sum(r.records for r in reports), bronze=work.count(Layer.BRONZE), rejects=work.count(Layer.REJECTS))
    if counts.rows_in != counts.bronze + counts.rejects:
        raise InvariantError("records_lost", dataset=work.contract.name, batch=work.pinned.seq, **counts.as_dict())
    return counts, _warnings(reports)


def _has_rows(work: Work, relation: Relation) -> bool:
    return bool(work.engine.fetch(f"SELECT count(*) AS n FROM (SELECT 1 FROM {relation} LIMIT 1)")[0]["n"])


def _land(work: Work, layer: Layer, columns: tuple[TableColumn, ...], relation: Relation, *, there: bool) -> None:
    """Append the relation's rows once; a table that would get no row is not touched."""
    if not there or work.engine.txn(work.table(layer), work.bronze_txn.app) >= work.pinned.seq:
        return
    names = ", ".join(identifier(c.name) for c in columns)
    spec = TableSpec(work.table(layer), (*columns, *STAMP))
    query = f"SELECT {names}, {work.stamp()} FROM {relation}"
    settled(lambda: work.engine.append(spec, query, work.bronze_txn))


def _warnings(reports: Sequence[FileReport]) -> Warnings:
    found = [("file_unknown_columns", r.name, r.unknown) for r in reports] + [
        ("file_missing_columns", r.name, r.missing) for r in reports
    ]
    return tuple((code, {"file": file, "columns": ", ".join(columns)}) for code, file, columns in found if columns)
