"""Reads Delta statistics from the footers of written Parquet files, without opening a page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import InvariantError
from lakeward.core.sql import path_literal
from lakeward.engines.connections import connect
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.stats import stats_json
from lakeward.engines.tables import TableSpec

# Folder name of a NULL partition value (Hive's layout, which Spark and DuckDB both write).
_NULL = "__HIVE_DEFAULT_PARTITION__"
# How to compare bounds of row groups; other kinds have no bounds.
_ORDER: Mapping[Kind, Callable[[str], Any]] = {
    Kind.STRING: str.encode,
    Kind.INTEGER: int,
    Kind.DOUBLE: float,
    Kind.DECIMAL: Decimal,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: datetime.fromisoformat,
}
# Statistics of a partition column, which is not in the file.
_PARTITION_STATISTICS: Mapping[str, str] = {"null_count": "0"}

# Statistics of one column in one row group: values, nulls, least, greatest.
Chunk = tuple[int, int | None, str | None, str | None]


def data_files(folder: Path, spec: TableSpec, paths: Sequence[Path]) -> tuple[DataFile, ...]:
    """The written files with rows, for a commit.

    Raises:
        InvariantError: A required column has NULLs.
    """
    if not paths:
        return ()
    listed = f"[{', '.join(map(path_literal, paths))}]"
    with connect() as con:
        counted = con.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata({listed}) WHERE num_rows > 0").fetchall()
        chunks = _chunks(con, listed)
    return tuple(_data_file(folder, spec, Path(path), rows, chunks[path]) for path, rows in sorted(counted))


def count_rows(file: Path) -> int:
    """Number of rows of a file, from its footer."""
    with connect() as con:
        (rows,) = con.execute(f"SELECT num_rows FROM parquet_file_metadata({path_literal(file)})").fetchall()[0]
    return int(rows)


def _chunks(con: duckdb.DuckDBPyConnection, listed: str) -> dict[str, dict[str, list[Chunk]]]:
    """Row groups by file and column."""
    items = "file_name, path_in_schema, num_values, stats_null_count, stats_min_value, stats_max_value"
    found: dict[str, dict[str, list[Chunk]]] = {}
    for path, column, *chunk in con.execute(f"SELECT {items} FROM parquet_metadata({listed})").fetchall():
        found.setdefault(path, {}).setdefault(column, []).append(tuple(chunk))
    return found


def _data_file(folder: Path, spec: TableSpec, path: Path, rows: int, columns: Mapping[str, Sequence[Chunk]]) -> DataFile:
    types = {column.name: column.type for column in spec.columns}
    written = {name: _column_statistics(chunks, types[name]) for name, chunks in columns.items() if name in types}
    partition = _partition(folder, path)
    for column in spec.columns:
        nulls = partition.get(column.name, "") is None or written.get(column.name, _PARTITION_STATISTICS).get("null_count") != "0"
        if not column.nullable and nulls:
            raise InvariantError("rows_do_not_fit", table=spec.name, column=column.name, expected="NOT NULL", found="NULL")
    return DataFile(
        path=str(path.relative_to(folder)),
        size=path.stat().st_size,
        rows=rows,
        partition=partition,
        stats=stats_json(rows, written, types),
    )


def _column_statistics(chunks: Sequence[Chunk], type_: DataType) -> dict[str, str]:
    nulls = [null for _, null, _, _ in chunks]
    bounds = [(low, high) for values, null, low, high in chunks if null != values]
    known = {"null_count": str(sum(null or 0 for null in nulls))} if None not in nulls else {}
    order = _ORDER.get(type_.kind)
    lows, highs = [low for low, _ in bounds if low is not None], [high for _, high in bounds if high is not None]
    if not bounds or order is None or not len(lows) == len(highs) == len(bounds):
        return known
    if any("nan" in (low.lower(), high.lower()) for low, high in zip(lows, highs, strict=True)):
        return {**known, "has_nan": "true"}
    try:
        return {**known, "min": min(lows, key=order), "max": max(highs, key=order)}
    except (ValueError, InvalidOperation):
        return known


def _partition(folder: Path, path: Path) -> dict[str, str | None]:
    pairs = (part.partition("=") for part in path.relative_to(folder).parts[1:-1])
    return {unquote(name): None if value == _NULL else unquote(value) for name, _, value in pairs}
