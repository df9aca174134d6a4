"""Parquet files, in their own types.

Values are converted only if files differ in a column's type: within a batch they become text, and a later
file must have values that the table's type can hold unchanged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, first_names, match_columns
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.reading.parquet_types import common_type, differing_columns, loss_condition
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.staging_queries import StagingQueries, match_fault_detail

# Type of the names of a batch's files: an enumeration has a ready dictionary, while a text would be hashed row by row.
_FILE_NAME_TYPE = "staged_parquet_files"


def read_parquet(
    con: duckdb.DuckDBPyConnection,
    files: Iterable[BatchInput],
    columns: Sequence[Column],
    stored: Mapping[str, DataType],
    least: float,
) -> StagingQueries:
    """Read Parquet files; rejects a file without a required column, and a record with a value that the table can't hold.

    Args:
        least: Minimum share of the columns in a file.
    """
    reading = StagingQueries(DUCKDB)
    known: list[_ParquetFile] = []
    for batch_input in files:
        opened = try_read(partial(_open_file, con, batch_input, columns, least))
        if opened:
            known.append(opened)
        else:
            reading.reject_file(batch_input, "reject_unreadable")
    if known:
        con.execute(
            f"CREATE OR REPLACE TEMP TYPE {_FILE_NAME_TYPE} AS ENUM ({', '.join(dict.fromkeys(literal(file.input.name) for file in known))})"
        )
    for file in known:
        _report(reading, file)
    whole = [file for file in known if not file.match.fault]
    stored_types = {column.source_name: stored[column.name] for column in columns if column.name in stored}
    types = {
        c.source_name: sql_type(stored_types[c.source_name])
        if c.source_name in stored_types
        else common_type(c, [file.types for file in whole])
        for c in columns
    }
    for file in whole:
        strange = differing_columns(file.types, stored_types)
        lost = " OR ".join(loss_condition(identifier(name), file.types[name], types[name]) for name in strange)
        reading.rows.append(_select(file, _row_items(file, columns, types), f"NOT ({lost})" if lost else ""))
        if lost:
            detail = "; ".join(f"{name}: expected {types[name]}, found {file.types[name]}" for name in strange)
            reading.rejects.append(_select(file, _reject_items(file, "reject_other_type", literal(detail)), lost))
    return reading


def _report(reading: StagingQueries, file: "_ParquetFile") -> None:
    """Add the file's report, and its records as rejects if the file has a fault."""
    match = file.match
    if match.fault == OTHER_COLUMNS and not file.records:
        reading.reject_columns(file.input, tuple(file.types))
        return
    reading.reports.append(FileReport.of_match(file.input, file.records, tuple(file.types), match))
    if match.fault:
        reading.rejects.append(_select(file, _reject_items(file, match.fault, match_fault_detail(DUCKDB, match))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParquetFile:
    """A readable file; `types` maps its columns, the contract's by `source_name`, to DuckDB's types."""

    input: BatchInput
    types: Mapping[str, str]
    records: int
    match: ColumnMatch
    renamed: Mapping[str, str]

    @property
    def scan(self) -> str:
        scan = f"read_parquet({literal(str(self.input.path))})"
        if not self.renamed:
            return scan
        names = ", ".join(f"{identifier(name)} AS {identifier(first)}" for name, first in self.renamed.items())
        number = "" if "file_row_number" in map(str.lower, self.types) else ", file_row_number"
        return f"(SELECT * RENAME ({names}){number} FROM {scan})"

    @property
    def row_id_items(self) -> str:
        """SELECT items of the row id; a file can have a column with the name of DuckDB's row number."""
        number = "file_row_number + 1" if "file_row_number" not in map(str.lower, self.types) else "row_number() OVER ()"
        return f"{literal(self.input.name)}::{_FILE_NAME_TYPE} AS _file, {self.input.seq}::BIGINT AS _file_seq, {number} AS _row"


def _open_file(con: duckdb.DuckDBPyConnection, file: BatchInput, columns: Sequence[Column], least: float) -> _ParquetFile:
    """The file with its records counted by decoding all: a footer also counts rows in damaged pages."""
    scan = f"read_parquet({literal(str(file.path))})"
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE FROM {scan}").fetchall()}
    everything = ", ".join(map(identifier, types))
    records = con.execute(f"SELECT count(*), bit_xor(hash({everything})) FROM {scan}").fetchall()[0][0]
    match = match_columns(columns, tuple(types), least)
    renamed = first_names(columns, match)
    named = {renamed.get(name, name): type_ for name, type_ in types.items()}
    return _ParquetFile(input=file, types=named, records=records, match=match, renamed=renamed)


def _row_items(file: _ParquetFile, columns: Sequence[Column], types: Mapping[str, str]) -> str:
    named = ", ".join(f"{_value(file, column.source_name, types)} AS {identifier(column.name)}" for column in columns)
    return f"{named}, {file.row_id_items}, {_extra_item(file, types)} AS _extra"


def _value(file: _ParquetFile, name: str, types: Mapping[str, str]) -> str:
    """The column's value; cast only if files differ or lack it."""
    if name not in file.types:
        return f"NULL::{types[name]}"
    return identifier(name) if file.types[name] == types[name] else f"TRY_CAST({identifier(name)} AS {types[name]})"


def _extra_item(file: _ParquetFile, contract_names: Mapping[str, str]) -> str:
    entries = ", ".join(
        f"{{'key': {literal(name)}, 'value': to_json({identifier(name)})}}" for name in file.types if name not in contract_names
    )
    if not entries:
        return "NULL::VARCHAR"
    return f"nullif(to_json(map_from_entries(list_filter([{entries}], lambda e: e.value IS NOT NULL)))::VARCHAR, '{{}}')"


def _reject_items(file: _ParquetFile, reason: str, detail: str) -> str:
    record = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in file.types)
    raw = f"encode(to_json(struct_pack({record}))::VARCHAR)"
    return f"{file.row_id_items}, {literal(reason)} AS reason, {detail} AS detail, {raw} AS raw"


def _select(file: _ParquetFile, items: str, condition: str = "") -> str:
    """SELECT of the file's rows that satisfy the condition, with their numbers in the whole file."""
    if not condition:
        return f"SELECT {items} FROM {file.scan}"
    return f"SELECT * EXCLUDE (_wanted) FROM (SELECT {items}, ({condition}) AS _wanted FROM {file.scan}) WHERE _wanted"
