"""Parquet files, in their own types.

Values are converted only if files differ in a column's type: within a batch they become text, and a later
file must have values that the table's type can hold unchanged.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, first_names, match_columns
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal, nul_names, path_literal
from lakeward.engines.reading.file_errors import FileReadTrial
from lakeward.engines.reading.parquet_footer import NULL_TYPE, ParquetFooter, read_footer
from lakeward.engines.reading.parquet_types import cast_value, common_type, differing_columns, loss_condition
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.staging_queries import StagingQueries, match_fault_detail

# Type of the names of a batch's files: an enumeration has a ready dictionary, while a text would be hashed row by row.
_FILE_NAME_TYPE = "staged_parquet_files"
_TIME_OF_DAY = re.compile(r"\bTIME\b")


def read_parquet(
    con: duckdb.DuckDBPyConnection,
    files: Iterable[BatchInput],
    columns: Sequence[Column],
    stored: Mapping[str, DataType],
    record_format: RecordFormat,
) -> StagingQueries:
    """Read Parquet files; rejects a file without a required column, and a record with a value that the table can't hold.

    Args:
        record_format: Zone of times without one, and the minimum share of the columns in a file.
    """
    reading = StagingQueries(DUCKDB)
    known = _open_files(con, files, columns, record_format.columns_found, reading)
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
        _read_file(reading, file, columns, types, stored_types, record_format.zone)
    return reading


def _open_files(
    con: duckdb.DuckDBPyConnection, files: Iterable[BatchInput], columns: Sequence[Column], least: float, reading: StagingQueries
) -> list["_ParquetFile"]:
    """The files that can be read completely; adds the others to the rejects of `reading`."""
    known = []
    with FileReadTrial(con) as trial:
        for file in files:
            footer = trial.try_read(partial(read_footer, file=file.path))
            if footer and footer.misread:
                reading.reject_file(file, "reject_unreadable_type", "; ".join(footer.misread))
                continue
            if footer and (found := nul_names(footer.types)):
                reading.reject_file(file, "reject_column_nul", found)
                continue
            records = trial.try_read(partial(_count_records, path=file.path, footer=footer)) if footer else None
            if footer and records is not None:
                known.append(_ParquetFile.match_names(file, footer, records, columns, least))
            else:
                reading.reject_file(file, "reject_unreadable")
    return known


def _read_file(
    reading: StagingQueries,
    file: "_ParquetFile",
    columns: Sequence[Column],
    types: Mapping[str, str],
    stored_types: Mapping[str, DataType],
    zone: str | None,
) -> None:
    """Add the file's rows, and as rejects those that the table's types can't hold."""
    strange = differing_columns(file.types, stored_types)
    lost = " OR ".join(loss_condition(file.value(name), file.types[name], types[name], zone) for name in strange)
    reading.rows.append(_select(file, _row_items(file, columns, types, zone), f"NOT ({lost})" if lost else ""))
    if lost:
        detail = "; ".join(f"{name}: expected {types[name]}, found {file.types[name]}" for name in strange)
        reading.rejects.append(_select(file, _reject_items(file, "reject_other_type", literal(detail)), lost))


def _report(reading: StagingQueries, file: "_ParquetFile") -> None:
    """Add the file's report, and its records as rejects if the file has a fault."""
    match = file.match
    if match.fault == OTHER_COLUMNS and not file.records:
        reading.reject_columns(file.input, tuple(file.types))
        return
    report = FileReport.of_match(file.input, file.records, tuple(file.types), match)
    reading.reports.append(replace(report, nanoseconds=tuple(sorted(file.nanoseconds))))
    if match.fault:
        reading.rejects.append(_select(file, _reject_items(file, match.fault, match_fault_detail(DUCKDB, match))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParquetFile:
    """A readable file; `types` and `places` map its columns, the contract's by `source_name`, to DuckDB's types and names of them; `instants` and `nanoseconds` are as in `ParquetFooter`."""

    input: BatchInput
    types: Mapping[str, str]
    instants: frozenset[str]
    nanoseconds: frozenset[str]
    records: int
    match: ColumnMatch
    places: Mapping[str, str]

    @classmethod
    def match_names(cls, file: BatchInput, footer: ParquetFooter, records: int, columns: Sequence[Column], least: float) -> Self:
        """The file with its columns under the names that the contract has first."""
        match = match_columns(columns, tuple(footer.types), least)
        renamed = first_names(columns, match)
        types = {renamed.get(name, name): type_ for name, type_ in footer.types.items()}
        places = {renamed.get(name, name): place for name, place in footer.places.items()}
        instants = frozenset(renamed.get(name, name) for name in footer.instants)
        return cls(
            input=file,
            types=types,
            instants=instants,
            nanoseconds=footer.nanoseconds,
            records=records,
            match=match,
            places=places,
        )

    def value(self, name: str) -> str:
        """SQL of a column's value, in the type that `types` says."""
        own = identifier(self.places[name])
        return f"({own} AT TIME ZONE 'UTC')" if name in self.instants else own

    @property
    def scan(self) -> str:
        return f"read_parquet({path_literal(self.input.path)}, hive_partitioning = false)"

    @property
    def row_id_items(self) -> str:
        """SELECT items of the row id; a file can have a column with the name of DuckDB's row number."""
        number = (
            "file_row_number + 1" if "file_row_number" not in map(str.lower, self.places.values()) else "row_number() OVER ()"
        )
        return f"{literal(self.input.name)}::{_FILE_NAME_TYPE} AS _file, {self.input.seq}::BIGINT AS _file_seq, {number} AS _row"


def _count_records(con: duckdb.DuckDBPyConnection, path: Path, footer: ParquetFooter) -> int:
    """The file's records, counted by decoding all: a footer also counts rows in damaged pages.

    A time of day beyond a day fails only as text, which it becomes.
    """
    everything = ", ".join(
        f"CAST({identifier(place)} AS VARCHAR)" if _TIME_OF_DAY.search(footer.types[name]) else identifier(place)
        for name, place in footer.places.items()
    )
    scan = f"read_parquet({path_literal(path)}, hive_partitioning = false)"
    records: int = con.execute(f"SELECT count(*), bit_xor(hash({everything})) FROM {scan}").fetchall()[0][0]
    return records


def _row_items(file: _ParquetFile, columns: Sequence[Column], types: Mapping[str, str], zone: str | None) -> str:
    named = ", ".join(f"{_value(file, column.source_name, types, zone)} AS {identifier(column.name)}" for column in columns)
    return f"{named}, {file.row_id_items}, {_extra_item(file, types)} AS _extra"


def _value(file: _ParquetFile, name: str, types: Mapping[str, str], zone: str | None) -> str:
    """The column's value; cast only if files differ or lack it."""
    if file.types.get(name, NULL_TYPE) == NULL_TYPE:
        return f"NULL::{types[name]}"
    if file.types[name] == types[name]:
        return file.value(name)
    return cast_value(file.value(name), file.types[name], types[name], zone)


def _extra_item(file: _ParquetFile, contract_names: Mapping[str, str]) -> str:
    entries = ", ".join(
        f"{{'key': {literal(name)}, 'value': to_json({file.value(name)})}}" for name in file.types if name not in contract_names
    )
    if not entries:
        return "NULL::VARCHAR"
    entry = _unused_name(file.places.values())
    return (
        f"nullif(to_json(map_from_entries(list_filter([{entries}], lambda {entry}: {entry}.value IS NOT NULL)))::VARCHAR, '{{}}')"
    )


def _unused_name(names: Iterable[str]) -> str:
    """A name that no column has: DuckDB would take the column for a lambda's parameter of the same name."""
    return "e" + "_" * max((len(name) for name in names), default=0)


def _reject_items(file: _ParquetFile, reason: str, detail: str) -> str:
    record = ", ".join(f"{literal(name)}, {file.value(name)}" for name in file.types)
    raw = f"encode(json_object({record})::VARCHAR)"
    return f"{file.row_id_items}, {literal(reason)} AS reason, {detail} AS detail, {raw} AS raw"


def _select(file: _ParquetFile, items: str, condition: str = "") -> str:
    """SELECT of the file's rows that satisfy the condition, with their numbers in the whole file."""
    if not condition:
        return f"SELECT {items} FROM {file.scan}"
    return f"SELECT * EXCLUDE (_wanted) FROM (SELECT {items}, ({condition}) AS _wanted FROM {file.scan}) WHERE _wanted"
