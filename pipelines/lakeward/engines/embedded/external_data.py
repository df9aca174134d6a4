"""Attaches external data with its own types (Parquet, JSON, Delta, Arrow) as relations of the session.

A column keeps its type if rules can read it; otherwise it is cast to the nearest type, with the original value in a second
column.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import duckdb
from duckdb import sqltypes

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import from_sql
from lakeward.core.errors import DataError
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, nul_names, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.embedded.external_delta import delta_faults, partition_sources
from lakeward.engines.embedded.external_json import json_scan, typed_json_scan
from lakeward.engines.embedded.external_parquet import check_parquet_files, read_statistics
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.external import AttachedData, ExternalColumn, ExternalData, ExternalFormat
from lakeward.engines.reading.file_errors import try_read

_NAIVE = frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"})
_NESTED = frozenset({"list", "array", "struct", "map", "union", "variant"})
# Beginnings of names of Arrow's types that DuckDB does not read.
_UNREAD_ARROW = ("halffloat", "decimal256")
_EVERY_ROW = 2**62
# Of JSON and DataFrames; data with more digits than a decimal has can't be read.
_HUGE_INTEGERS, _HUGE = frozenset({"hugeint", "uhugeint"}), "DECIMAL(38,0)"
# DuckDB's name of the row number in a scan of files, unless a column of the file has it.
_VIRTUAL = frozenset({"filename", "file_index", "file_row_number"})
_ROW_ID = ("_file_seq", "_row")


def attach(con: duckdb.DuckDBPyConnection, name: str, data: ExternalData, lake: LakePath) -> AttachedData:
    """See `QueryEngine.attach`."""
    scan = _source_relation(con, name, data)
    types = _column_types(con, scan, data, lake)
    if data.format is ExternalFormat.JSON and (typed := typed_json_scan(con, data.files, types, data.place)):
        scan, types = typed, _column_types(con, typed, data, lake)
    if found := nul_names(types):
        raise DataError("data_column_nul", file=data.place, column=found)
    sources = partition_sources(con, name, data.folder) if data.folder else {}
    columns, items = [], []
    for index, (column, type_) in enumerate(types.items()):
        own = identifier(column)
        source = sources.get(column, own)
        kind, cast = _rule_type(source, type_)
        raw_column = column if cast is None else f"_own_{index}"
        columns.append(ExternalColumn(column, kind, raw_column))
        items += [f"{source} AS {own}"] if cast is None else [f"{cast} AS {own}", f"{source} AS {raw_column}"]
    rows = f"SELECT {', '.join(items)}"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {rows} FROM {scan}")
    placed = ", ".join((*items, *_row_id_items(data.format, types)))
    con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name + '_placed')} AS SELECT {placed} FROM {scan}")
    attached = AttachedData(Relation(name), Relation(f"{name}_placed"), tuple(columns))
    if data.format is not ExternalFormat.PARQUET:
        return attached
    own_types = {column.name: column.type for column in columns if column.raw_column == column.name}
    return replace(attached, statistics=read_statistics(con, data.files, own_types))


def _source_relation(con: duckdb.DuckDBPyConnection, name: str, data: ExternalData) -> str:
    """The rows as they are, as a relation.

    Raises:
        DataError: The data can't be read, has a type that can't, or its files differ in their columns.
    """
    listed = f"[{', '.join(map(path_literal, data.files))}]"
    if data.format is ExternalFormat.ARROW:
        return _arrow_relation(con, f"{name}_arrow", data.table)
    if data.folder:
        return delta_scan(data.folder)
    if data.format is ExternalFormat.JSON:
        return json_scan(data.files)
    check_parquet_files(con, data.files)
    return f"read_parquet({listed}, hive_partitioning = false)"


def _arrow_relation(con: duckdb.DuckDBPyConnection, name: str, table: object) -> str:
    # Of a column of objects in a DataFrame: what is looked at for its type. Other values would be cast to that of a sample.
    con.execute(f"SET GLOBAL pandas_analyze_sample = {_EVERY_ROW}")
    try:
        con.register(name, table)
    except duckdb.NotImplementedException as error:
        fields = [field for field in getattr(table, "schema", ()) if str(getattr(field, "type", "")).startswith(_UNREAD_ARROW)]
        found = "; ".join(f"{field.name}: {field.type}" for field in fields) or str(error)
        raise DataError("data_type_unreadable", file=type(table).__name__, found=found) from None
    return identifier(name)


def _column_types(
    con: duckdb.DuckDBPyConnection, scan: str, data: ExternalData, lake: LakePath
) -> dict[str, sqltypes.DuckDBPyType]:
    """DuckDB's types by column.

    Raises:
        DataError: The data can't be read, or is a Delta table that uses what can't be read.
    """
    if data.folder:
        with delta_faults(data.folder):
            rows = con.sql(f"SELECT * FROM {scan}")
            return dict(zip(rows.columns, rows.types, strict=True))
    with machine_faults(lake):
        found = try_read(partial(con.sql, f"SELECT * FROM {scan}"))
        if found is None:
            raise DataError("data_unreadable", file=data.place)
        return dict(zip(found.columns, found.types, strict=True))


def _rule_type(column_sql: str, type_: sqltypes.DuckDBPyType) -> tuple[DataType, str | None]:
    """The type of a column for rules, and the cast if it differs from the original. Nested values are not read."""
    if str(type_) == "JSON":
        return DataType(Kind.STRING), f"json_extract_string({column_sql}, '$')"
    if type_.id in _NESTED:
        return DataType(Kind.BINARY), None
    if type_.id in _NAIVE:
        return DataType(Kind.TIMESTAMP), f"CAST({column_sql} AS TIMESTAMP) AT TIME ZONE 'UTC'"
    if type_.id in _HUGE_INTEGERS:
        return from_sql(_HUGE), f"CAST({column_sql} AS {_HUGE})"
    kind = from_sql(str(type_))
    if kind.kind is Kind.STRING and str(type_) != "VARCHAR":
        return kind, f"CAST({column_sql} AS VARCHAR)"
    return kind, None


def _row_id_items(carrier: ExternalFormat, types: Mapping[str, object]) -> list[str]:
    """SELECT items of the row id: `_file`, `_file_seq` and `_row`; a Lakeward table keeps its own."""
    names = {name.lower() for name in types}
    virtual = carrier in {ExternalFormat.PARQUET, ExternalFormat.DELTA} and not names & _VIRTUAL
    file = "filename" if virtual or (carrier is ExternalFormat.JSON and "filename" not in names) else "CAST(NULL AS VARCHAR)"
    # Delta does not number files: a number derived from the path distinguishes rows of different files.
    seq = {ExternalFormat.PARQUET: "file_index + 1", ExternalFormat.DELTA: "hash(filename) >> 1"}[carrier] if virtual else "1"
    row = "file_row_number + 1" if virtual else "row_number() OVER ()"
    added = {"_file": file} | {"_file_seq": f"CAST({seq} AS BIGINT)", "_row": row}
    kept = set(_ROW_ID) <= names
    return [f"{sql} AS {name}" for name, sql in added.items() if name not in names and not (kept and name in _ROW_ID)]
