"""Reads row statistics from the footers of Parquet files, without reading a page.

Unreliable bounds are not used: of texts, which writers truncate; of floating-point numbers, which ignore NaN; and of columns
    that rules see
in another type than the file's.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import path_literal
from lakeward.engines.tables import ColumnStatistics, RowStatistics

# Maximum digits after the point of a decimal's bounds; others are not used.
_SCALE = 18
# Kinds whose bounds DuckDB prints exactly, and how to parse them.
_EXACT = {
    Kind.INTEGER: ("HUGEINT", int),
    Kind.DECIMAL: (f"DECIMAL(38, {_SCALE})", Decimal),
    Kind.DATE: ("DATE", date.fromisoformat),
    Kind.TIMESTAMP: ("TIMESTAMPTZ", datetime.fromisoformat),
}


def parquet_statistics(con: duckdb.DuckDBPyConnection, files: Sequence[Path], types: Mapping[str, DataType]) -> RowStatistics:
    """The statistics of all files together.

    Args:
        types: Columns that can have bounds, by name in the files, with their kinds.
    """
    listed = f"[{', '.join(map(path_literal, files))}]"
    rows = con.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({listed})").fetchall()[0][0]
    ends = ", ".join(_bound_items(sql) for sql, _ in _EXACT.values())
    # A row group without values has no bounds. One with values can lack them, too; then the file has no bounds.
    found = con.execute(f"""
        SELECT path_in_schema, sum(stats_null_count), count(*) = count(stats_null_count),
               count_if(stats_null_count < num_values AND (stats_min_value IS NULL OR stats_max_value IS NULL)) = 0, {ends}
        FROM parquet_metadata({listed}) GROUP BY path_in_schema""").fetchall()
    columns = {
        name: _column_statistics(types[name], int(nulls), bounded=bounded, ends=ends)
        for name, nulls, counted, bounded, *ends in found
        if name in types and counted
    }
    return RowStatistics(int(rows), columns)


def _bound_items(sql: str) -> str:
    """Least and greatest bound parsed by `sql`, NULL if it can't parse all."""
    return ", ".join(
        f"CASE WHEN count({bound}) = count(TRY_CAST({bound} AS {sql})) THEN CAST({end}(TRY_CAST({bound} AS {sql})) AS VARCHAR) END"
        for end, bound in (("min", "stats_min_value"), ("max", "stats_max_value"))
    )


def _column_statistics(type_: DataType, nulls: int, *, bounded: bool, ends: Sequence[str | None]) -> ColumnStatistics:
    if not bounded or type_.kind not in _EXACT or type_.scale > _SCALE:
        return ColumnStatistics(nulls)
    index = list(_EXACT).index(type_.kind)
    low, high = ends[2 * index : 2 * index + 2]
    read: Any = _EXACT[type_.kind][1]
    if low is None or high is None:
        return ColumnStatistics(nulls)
    try:
        return ColumnStatistics(nulls, read(low), read(high))
    except ValueError:  # outside Python's calendar
        return ColumnStatistics(nulls)
