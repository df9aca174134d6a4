"""What is judged: rows named in a session, with a contract made of nothing but their own columns. It promises nothing."""

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
from lakeward.engines.protocols import Carrier, Engine, Outside, Statistics
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.checking.files import outside_of
from lakeward.flows.checking.names import refuse_reserved
from lakeward.flows.checking.texts import name_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Data to judge.

    Args:
        types: Columns of `placed`, as a plan takes them.
        relation: The rows.
        placed: The rows with `_file, _file_seq, _row`.
        held: For each column that may be shown, by name, the one of `placed` that has its value as it was.
        values: Whoever asks has these rows already, so that values may be told.
        statistics: What is known of the rows unread.
    """

    contract: Contract
    types: Mapping[str, DataType]
    relation: Relation
    placed: Relation
    held: Mapping[str, str]
    values: bool = True
    statistics: Statistics | None = None


@contextmanager
def opened(data: object, settings: Settings) -> Iterator[tuple[Engine, Subject]]:
    """An engine, and `data` named in it.

    Args:
        data: A path, the name of a table of the project's lake, or an Arrow table.

    Raises:
        DataError: It is not there, or can't be read as a table.
        UsageError: A table of the lake is asked for where there is no project, or no such table.
    """
    table = _table(data)
    if table:
        workspace = open_workspace(settings)
        with workspace.engine() as engine:
            yield engine, _of_table(workspace, engine, table)
        return
    # Nothing of a lake is needed but a place to spill.
    with tempfile.TemporaryDirectory(prefix="lakeward-") as folder:
        engine = open_engine(settings.engine or EMBEDDED, folder, settings.memory, settings.spark)
        try:
            yield engine, _of_path(engine, Path(data)) if isinstance(data, str | Path) else _of_arrow(engine, data)
        finally:
            engine.close()


def _table(data: object) -> TableName | None:
    if not isinstance(data, str) or Path(data).exists():
        return None
    try:
        return TableName.parse(data)
    except ValueError:
        return None


def _of_table(workspace: Workspace, engine: Engine, table: TableName) -> Subject:
    """A table of the lake is read in no role: its rows' places may be told, no value of theirs."""
    info = engine.info(table)
    if info is None:
        raise DataError("table_not_found", table=table)
    found = _attached(engine, Outside(Carrier.DELTA, (Path(info.path),)), str(table))
    held = {name: column for name, column in found.held.items() if name.startswith("_")}
    return replace(found, contract=_told_of_time(workspace, table, found.contract), held=held, values=False)


def _told_of_time(workspace: Workspace, table: TableName, contract: Contract) -> Contract:
    """What the project says of the table's times and series: sensor rules need it, and no column shows it."""
    if table.name not in workspace.project.datasets():
        return contract
    known = workspace.project.contract(table.name)
    names = {column.name: column.type.kind for column in contract.columns}
    if known.time_column is None or names.get(known.time_column) is not Kind.TIMESTAMP or not set(known.series) <= set(names):
        return contract
    return replace(contract, time_column=known.time_column, series=known.series, sla=known.sla)


def _of_path(engine: Engine, path: Path) -> Subject:
    outside = outside_of(path)
    if isinstance(outside, Outside):
        return _attached(engine, outside, str(path))
    staged, columns = name_texts(engine, outside)
    held = {column.name: column.name for column in columns}
    return Subject(
        contract=_contract(columns, staged.record_format),
        types=engine.types(staged.rows),
        relation=staged.rows,
        placed=staged.rows,
        held=held,
    )


def _of_arrow(engine: Engine, data: object) -> Subject:
    if not hasattr(data, "__arrow_c_stream__"):
        raise DataError("data_not_a_table", found=type(data).__name__)
    return _attached(engine, Outside(Carrier.ARROW, table=data), type(data).__name__)


def _attached(engine: Engine, outside: Outside, name: str) -> Subject:
    found = engine.attach("checked", outside)
    refuse_reserved([column.name for column in found.columns], name)
    columns = tuple(Column(column.name, column.type, column.name) for column in found.columns)
    return Subject(
        contract=_contract(columns, RecordFormat(format=FileFormat.PARQUET)),
        types=engine.types(found.placed) | {column.name: column.type for column in columns},
        relation=found.rows,
        placed=found.placed,
        held={column.name: column.held for column in found.columns},
        statistics=found.statistics,
    )


def _contract(columns: Sequence[Column], record_format: RecordFormat) -> Contract:
    return Contract("data", "0.0.0", Layer.SILVER, tuple(columns), record_format=record_format)
