"""Writes the copy of a table that a recipient gets: protected by two readers' decisions, and marked. No SQL of a caller is in it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import PythonUDFType

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import sha256
from lakeward.core.sql import identifier, literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.embedded.spills import can_encrypt
from lakeward.protection.masking import protected_expression
from lakeward.protection.policy import PROTECTION_ORDER, UNLIKE_ACTIONS, Action
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.database import SessionResources, open_database
from lakeward.serving.faults import run_faults
from lakeward.serving.marks import Mark, markable_rows, marked_value
from lakeward.serving.plan import ServedColumn, ServedTable
from lakeward.serving.row_conditions import filter_condition

if TYPE_CHECKING:
    from lakeward.protection.fingerprint import RowSigns

_TEXT = DataType(Kind.STRING)


class CopyForm(StrEnum):
    """Form of a copy that leaves."""

    CSV = "csv"
    PARQUET = "parquet"
    DELTA = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """The copy of one version of a table.

    Args:
        folder: Folder of the Delta table.
        columns: The columns that leave, with what is done to each.
        condition: Condition of the rows that leave; None for all.
        marks: Fingerprints, with their signs.
    """

    table: ServedTable
    folder: LakePath
    version: int
    columns: tuple[ServedColumn, ...]
    condition: str | None
    marks: "Mapping[Mark, RowSigns]" = field(default_factory=dict)

    @property
    def is_masked(self) -> bool:
        """Whether it is computed from values, or of rows, that do not leave."""
        return self.condition is not None or any(column.decision.action is not Action.CLEAR for column in self.columns)


def narrow(own: ServedTable, other: ServedTable) -> ServedTable:
    """The table as both readers may see it: of each column the more protective of two actions; of two unlike ones nothing."""
    theirs = {column.name: column for column in other.columns}
    return replace(own, columns=tuple(_stricter(column, theirs[column.name]) for column in own.columns))


def both_conditions(readers: Sequence[tuple[ServedTable, Mapping[str, str | None]]]) -> str | None:
    """The condition of the rows that every reader of the table sees; None for all rows.

    Args:
        readers: The table as each reader has it, with the values that row filters can name of them.

    Raises:
        ProtectionError: A filter is no condition over the columns of the table.
    """
    found = [condition for table, values in readers if (condition := filter_condition(table, values))]
    return " AND ".join(f"({condition})" for condition in dict.fromkeys(found)) or None


def write_copy(
    copy: TableCopy, functions: ColumnFunctions, form: CopyForm, file: Path, spill: Path, resources: SessionResources
) -> int:
    """Write the rows to `file`, Parquet for a Delta table too; the number of rows.

    Args:
        spill: Folder of temporary files, which hold no value in clear that does not leave.
        resources: What DuckDB may use, and where the tables lie.

    Raises:
        ProtectionError: It fails on a value, which is not shown.
        MachineError: It needs more memory than it may use.
    """
    options = "FORMAT csv, HEADER" if form is CopyForm.CSV else "FORMAT parquet, COMPRESSION zstd"
    with closing(open_database(spill if can_encrypt() or not copy.is_masked else None, resources)) as con, run_faults():
        functions.register(con, copy.columns)
        for mark, signs in copy.marks.items():
            con.create_function(_sign_name(mark), signs, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
        written = con.execute(f"COPY ({_select(copy, functions, form)}) TO {literal(str(file))} ({options})")
        return int(_only_number(written))


def copied_types(columns: Sequence[ServedColumn]) -> dict[str, DataType]:
    """The type of each column in a copy."""
    return {column.name: _copied_type(column) for column in columns}


def _only_number(found: duckdb.DuckDBPyConnection) -> int:
    row = found.fetchone()
    assert row is not None
    return int(row[0])


def _stricter(own: ServedColumn, other: ServedColumn) -> ServedColumn:
    first, second = own.decision.action, other.decision.action
    if first is not second and {first, second} <= UNLIKE_ACTIONS:
        return replace(own, decision=replace(own.decision, action=Action.DENY, why="serving_limits_unlike"))
    return max((own, other), key=lambda column: PROTECTION_ORDER.index(column.decision.action))


def _select(copy: TableCopy, functions: ColumnFunctions, form: CopyForm) -> str:
    items = ", ".join(_item(column, copy, functions, form) for column in copy.columns)
    source = delta_scan(copy.folder, copy.version)
    if copy.marks:
        needed = [column.name for column in copy.table.columns] if copy.condition else [column.name for column in copy.columns]
        source = f"({markable_rows(source, copy.table.contract, needed, tuple(copy.marks))})"
    return f"SELECT {items} FROM {source}" + (f" WHERE {copy.condition}" if copy.condition else "")


def _item(column: ServedColumn, copy: TableCopy, functions: ColumnFunctions, form: CopyForm) -> str:
    name = identifier(column.name)
    mark = next((mark for mark in copy.marks if mark.column == column.name), None)
    if mark:
        return f"{marked_value(mark, _sign_name(mark))} AS {name}"
    shown = protected_expression(name, column.type, column.decision, functions.treatment(column))
    if form is CopyForm.CSV and _copied_type(column).kind is Kind.BINARY:
        shown = f"lower(hex({shown}))"
    return f"{shown} AS {name}"


def _copied_type(column: ServedColumn) -> DataType:
    match column.decision.action:
        case Action.ENCRYPT:
            return DataType(Kind.BINARY)
        case Action.TOKENISE:
            return _TEXT
        case Action.GENERALISE if column.type.kind not in (Kind.BOOLEAN, Kind.BINARY):
            return _TEXT
        case _:
            return column.type


def _sign_name(mark: Mark) -> str:
    return f"lakeward_sign_{sha256(mark.column.encode())[:16]}"
