"""Writes the rows of a query as data files of a table, with Delta's statistics.

Rows that do not match the table are an error, since neither deltalake nor a reader checks a committed file.
"""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from lakeward.contracts.types import from_sql, sql_type
from lakeward.core.errors import InvariantError
from lakeward.core.names import Layer
from lakeward.core.sql import identifier, literal, path_literal
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.stats import WrittenStatistics, stats_json, unquote_name
from lakeward.engines.delta.table_files import relative_path
from lakeward.engines.embedded.dictionaries import FEW_ROWS, TextDictionary, query_plan, text_dictionaries
from lakeward.engines.embedded.file_copies import folder_to_write, store_files
from lakeward.engines.embedded.literals import LiteralRows
from lakeward.engines.embedded.wide_rows import dictionary_values, is_wide, planned_for
from lakeward.engines.tables import TableColumn, TableSpec

# Tables of few rows: to plan their rows beforehand takes longer than to write them. Of a batch few rows fail.
_SMALL_LAYERS = frozenset({Layer.GOVERNANCE, Layer.QUARANTINE})
# Types of DuckDB, and of tables, that a file of this process had as it should.
_PROVEN_TYPES: set[tuple[str, str]] = set()
# DuckDB's result for a written file: path, rows, bytes, bytes of its footer, statistics, partition.
WrittenFile = tuple[str, int, int, int, WrittenStatistics, Mapping[str, str | None]]


def write_files(
    con: duckdb.DuckDBPyConnection, folder: LakePath, spec: TableSpec, query: str, rows: int | None = None
) -> tuple[DataFile, ...]:
    """Write the rows of `query`: one file, or one per partition value; none without rows.

    Args:
        rows: See `TableStore.append`.

    Raises:
        InvariantError: The rows do not match `spec`.
    """
    found = _check_types(con, spec, query)
    names = [name for name, type_ in found.items() if type_ == "VARCHAR" and name not in spec.partition_by]
    with planned_for(con, len(spec.columns)):
        are_few = spec.name.layer in _SMALL_LAYERS or (rows is not None and rows < FEW_ROWS)
        plan = None if are_few or is_wide(len(spec.columns)) else query_plan(con, query)
        texts = text_dictionaries(con, query, names, plan) if plan else {}
        items = ", ".join(_cast_item(column, found[column.name], texts) for column in spec.columns)
        has_few_rows = plan.has_few_rows if plan else are_few
        with folder_to_write(folder) as place:
            target = _target(place, spec, has_few_rows=has_few_rows)
            written = con.execute(f"COPY (SELECT {items} FROM ({query})) TO {target}").fetchall()
            files = tuple(_data_file(place, spec, row, texts) for row in written)
            _check_texts(spec, written, texts)
            if files:
                _check_schema(con, place / files[0].path, spec, _written_types(found, texts))
            if isinstance(folder, RemotePath):
                store_files(folder, place, files)
    return files


def _target(folder: Path, spec: TableSpec, *, has_few_rows: bool) -> str:
    values = dictionary_values(len(spec.columns), has_few_rows=has_few_rows)
    form = f"FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT {values}, RETURN_STATS"
    if not spec.partition_by:
        return f"{literal(str(folder / f'part-{uuid.uuid4()}.parquet'))} ({form}, WRITE_EMPTY_FILE false)"
    by = ", ".join(map(identifier, spec.partition_by))
    return f"{literal(str(folder))} ({form}, PARTITION_BY ({by}), OVERWRITE_OR_IGNORE, FILENAME_PATTERN 'part-{{uuid}}')"


def _planned_types(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    rows = con.sql(query)
    return {name: str(type_) for name, type_ in zip(rows.columns, rows.types, strict=True)}


def _check_types(con: duckdb.DuckDBPyConnection, spec: TableSpec, query: str) -> Mapping[str, str]:
    """Check that DuckDB's types of the query's columns are the table's, or narrower ones of the same kind."""
    found = query.types if isinstance(query, LiteralRows) else _planned_types(con, query)
    if set(found) != {column.name for column in spec.columns}:
        odd = sorted(set(found) ^ {column.name for column in spec.columns})
        raise InvariantError("rows_do_not_fit", table=spec.name, column=", ".join(odd), expected="-", found="-")
    for column in spec.columns:
        if from_sql(found[column.name]) != column.type:
            _raise_misfit(spec, column.name, sql_type(column.type), found[column.name])
    return found


def _cast_item(column: TableColumn, duckdb_type: str, texts: Mapping[str, TextDictionary]) -> str:
    """The column cast to its type; an enumeration is written as text with a ready dictionary."""
    name = identifier(column.name)
    if column.name in texts:
        return texts[column.name].select_item(column.name)
    return name if duckdb_type.startswith("ENUM(") else f"CAST({name} AS {sql_type(column.type)}) AS {name}"


def _data_file(folder: Path, spec: TableSpec, row: WrittenFile, texts: Mapping[str, TextDictionary]) -> DataFile:
    path, rows, size, _, written, partition = row
    written = {
        name: {**values, **(texts[column_name].bounds if (column_name := unquote_name(name)) in texts else {})}
        for name, values in written.items()
    }
    nulls = {unquote_name(name): int(values.get("null_count", 0)) for name, values in written.items()}
    for column in spec.columns:
        if not column.nullable and nulls.get(column.name):
            _raise_misfit(spec, column.name, "NOT NULL", "NULL")
    types = {column.name: column.type for column in spec.columns}
    return DataFile(
        path=relative_path(path, folder),
        size=size,
        rows=rows,
        partition=dict(partition or {}),
        stats=stats_json(rows, written, types),
    )


def _check_texts(spec: TableSpec, written: Sequence[WrittenFile], texts: Mapping[str, TextDictionary]) -> None:
    """Check that no text was lost between the first scan and the write."""
    for name, known in texts.items():
        if sum(int(row[4][identifier(name)]["null_count"]) for row in written) != known.nulls:
            _raise_misfit(spec, name, "NOT NULL", "NULL")


def _check_schema(con: duckdb.DuckDBPyConnection, file: Path, spec: TableSpec, types: Mapping[str, str]) -> None:
    """Check that the file has the table's types.

    Args:
        types: DuckDB's types of the written columns. It writes a type in one way: what one file of this process showed holds for all.
    """
    written = {(types[column.name], sql_type(column.type)) for column in spec.columns if column.name not in spec.partition_by}
    if written <= _PROVEN_TYPES:
        return
    scan = f"read_parquet({path_literal(file)}, hive_partitioning = false)"
    found = {row[0]: row[1] for row in con.execute(f"DESCRIBE FROM {scan}").fetchall()}
    for column in spec.columns:
        if column.name not in spec.partition_by and found.get(column.name) != sql_type(column.type):
            _raise_misfit(spec, column.name, sql_type(column.type), found.get(column.name, "-"))
    _PROVEN_TYPES.update(written)


def _written_types(found: Mapping[str, str], texts: Mapping[str, TextDictionary]) -> dict[str, str]:
    """The types in which columns are written, enumerations without their texts."""
    return {name: "ENUM" if name in texts or type_.startswith("ENUM(") else type_ for name, type_ in found.items()}


def _raise_misfit(spec: TableSpec, column: str, expected: str, found: str) -> None:
    raise InvariantError("rows_do_not_fit", table=spec.name, column=column, expected=expected, found=found)
