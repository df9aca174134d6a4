"""The data to check, as a session relation with a contract derived from its columns."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.errors import DataError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.settings import EMBEDDED, Settings
from lakeward.engines import open_engine
from lakeward.engines.external import ExternalData, ExternalFormat
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import RowStatistics
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.flows.checking.files import resolve_data
from lakeward.flows.checking.odd_texts import OddText
from lakeward.flows.checking.reader_rules import ReaderView, rule_key
from lakeward.flows.checking.reserved_names import check_numbered_names, check_reserved_names
from lakeward.flows.checking.text_files import stage_text_files
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.serving.logged_read import ReadEntry, logged_read
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.quality.suite_document import read_document

# Columns of a table of the lake that hold no received value.
_BOOKKEEPING = frozenset(
    ["_file", "_file_seq", "_row", "_batch_id", "_batch_seq", "_run_id", "_ingested_at", "_reasons", "_rules"]
)
# Layers whose columns are those of a contract.
_CONTRACT_LAYERS = (Layer.BRONZE, Layer.SILVER, Layer.QUARANTINE, Layer.REPAIRS, Layer.GOLD)


@dataclass(frozen=True, slots=True)
class Request:
    """One call of `check`.

    Args:
        text: The call with its arguments, for the access log.
        role: Role that reads a table of the lake; None for the account's only role or the project's default.
        sheet: Sheet of a workbook; None for the only sheet with data.
    """

    text: str
    role: str | None
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSubject:
    """Data to judge.

    Args:
        types: Types of the columns of `relation_with_ids`, for a plan.
        relation: The rows.
        relation_with_ids: The rows with their ids: `_file, _file_seq, _row`.
        original_columns: By name of each column that may be shown, the column of `relation_with_ids` with its original value.
        show_values: Whether the caller already has the rows, so that results may contain values.
        statistics: Statistics of the rows, from file metadata.
        view: What the reader of a table of the lake may see; None for other data.
        entry: Entry of the access log; None for other data.
        unjudged: Lines of text files that were taken for no records: `file, key, lines`.
        odd_texts: What made columns of numbers columns of text.
    """

    contract: Contract
    types: Mapping[str, DataType]
    relation: Relation
    relation_with_ids: Relation
    original_columns: Mapping[str, str]
    show_values: bool = True
    statistics: RowStatistics | None = None
    view: ReaderView | None = None
    entry: ReadEntry | None = None
    unjudged: tuple[Mapping[str, object], ...] = ()
    odd_texts: tuple[OddText, ...] = ()


@contextmanager
def open_subject(data: object, settings: Settings, request: Request) -> Iterator[tuple[Engine, CheckSubject]]:
    """An engine with `data` as a relation.

    Args:
        data: A path, the name of a table of the project's lake, or an Arrow table.

    Raises:
        DataError: It does not exist, is a file of a lake, has no such sheet, or can't be read as a table.
        UsageError: There is no such table in the lake, no project, or no role.
        PolicyError, ProtectionError: As `connect`.
    """
    table = _parse_table_name(data)
    if request.sheet is not None and (table or not isinstance(data, str | Path)):
        raise DataError("sample_no_sheets", file=table or type(data).__name__)
    if table:
        workspace = open_workspace(settings)
        reader, _ = resolve_reader(workspace, request.role)
        with workspace.engine() as engine, logged_read(workspace, engine, reader, request.text, [str(table)]) as entry:
            yield engine, replace(_table_subject(workspace, engine, table, reader), entry=entry)
        return
    # Only a folder for temporary files is needed.
    with tempfile.TemporaryDirectory(prefix="lakeward-") as folder:
        engine = open_engine(settings.engine or EMBEDDED, folder, settings.memory, settings.spark)
        try:
            yield (
                engine,
                path_subject(engine, Path(data), request.sheet) if isinstance(data, str | Path) else _arrow_subject(engine, data),
            )
        finally:
            engine.close()


def _parse_table_name(data: object) -> TableName | None:
    if not isinstance(data, str) or Path(data).exists():
        return None
    try:
        return TableName.parse(data)
    except ValueError:
        return None


def _table_subject(workspace: Workspace, engine: Engine, table: TableName, reader: Reader) -> CheckSubject:
    """A table of the lake: results contain row ids, but no values."""
    info = engine.info(table)
    if info is None:
        raise DataError("table_not_found", table=table)
    found = _attach(engine, ExternalData(ExternalFormat.DELTA, folder=workspace.lake.table_folder(table)), str(table))
    original_columns = {name: column for name, column in found.original_columns.items() if name.startswith("_")}
    view = _reader_view(workspace, engine, reader, table, [column.name for column in found.contract.columns])
    if view.hidden:
        engine.protect_spills()
    return replace(
        found,
        contract=_with_project_times(workspace, table, found.contract),
        original_columns=original_columns,
        show_values=False,
        view=view,
    )


def _reader_view(workspace: Workspace, engine: Engine, reader: Reader, table: TableName, names: Sequence[str]) -> ReaderView:
    """What the reader may see: columns of the contract by their grades, and Lakeward's own; nothing else."""
    clear, suite_text = _BOOKKEEPING, None
    if table.layer in _CONTRACT_LAYERS and table.name in workspace.project.datasets():
        contract = workspace.project.contract(table.name)
        clear |= reader.clear_columns(contract, current_grades(engine, contract))
        suite_text = workspace.suite(table.name)
    entries = read_document(suite_text, suite_label(table.name)).entries if suite_text else ()
    return ReaderView(
        hidden=frozenset(names) - clear,
        own_rules=frozenset(rule_key(entry["type"], entry["kwargs"]) for entry in entries if {"type", "kwargs"} <= set(entry)),
        min_group_size=workspace.project.min_group_size,
    )


def _with_project_times(workspace: Workspace, table: TableName, contract: Contract) -> Contract:
    """Adds the time and series columns from the project's contract, which sensor rules need."""
    if table.name not in workspace.project.datasets():
        return contract
    project_contract = workspace.project.contract(table.name)
    names = {column.name: column.type.kind for column in contract.columns}
    if (
        project_contract.time_column is None
        or names.get(project_contract.time_column) is not Kind.TIMESTAMP
        or not set(project_contract.series) <= set(names)
    ):
        return contract
    return replace(contract, time_column=project_contract.time_column, series=project_contract.series, sla=project_contract.sla)


def path_subject(engine: Engine, path: Path, sheet: str | None = None) -> CheckSubject:
    """The data at `path` as a relation of the engine's session.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        DataError: It does not exist, has no such sheet, or can't be read as a table.
    """
    outside = resolve_data(path, engine.scratch)
    if isinstance(outside, ExternalData):
        if sheet is not None:
            raise DataError("sample_no_sheets", file=path)
        return _attach(engine, outside, str(path))
    text = stage_text_files(engine, outside, sheet)
    staged, columns = text.staged, text.columns
    held = {column.name: column.name for column in columns}
    return CheckSubject(
        contract=_contract(columns, staged.record_format),
        types=engine.types(staged.rows),
        relation=staged.rows,
        relation_with_ids=staged.rows,
        original_columns=held,
        unjudged=text.unjudged,
        odd_texts=text.odd_texts,
    )


def _arrow_subject(engine: Engine, data: object) -> CheckSubject:
    if not hasattr(data, "__arrow_c_stream__"):
        raise DataError("data_not_a_table", found=type(data).__name__)
    # Arrow's C interface ends a name at its NUL.
    names = getattr(data, "column_names", getattr(data, "columns", ()))
    check_reserved_names([name for name in names if isinstance(name, str)], type(data).__name__)
    return _attach(engine, ExternalData(ExternalFormat.ARROW, table=data), type(data).__name__)


def _attach(engine: Engine, outside: ExternalData, name: str) -> CheckSubject:
    found = engine.attach("checked", outside)
    names = [column.name for column in found.columns]
    check_reserved_names(names, name)
    check_numbered_names(names, name)
    columns = tuple(Column(column.name, column.type, column.name) for column in found.columns)
    return CheckSubject(
        contract=_contract(columns, RecordFormat(format=FileFormat.PARQUET)),
        types=engine.types(found.placed) | {column.name: column.type for column in columns},
        relation=found.rows,
        relation_with_ids=found.placed,
        original_columns={column.name: column.raw_column for column in found.columns},
        statistics=found.statistics,
    )


def _contract(columns: Sequence[Column], record_format: RecordFormat) -> Contract:
    return Contract("data", "0.0.0", Layer.SILVER, tuple(columns), record_format=record_format)
