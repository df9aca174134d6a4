"""Reads small tables, and single batches, of an object store from their files: Delta's scan reads the whole log for each query."""

from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable

from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.core.storage.remote_path import RemotePath
from lakeward.engines.delta.batch_files import action_values, batch_file_indexes
from lakeward.engines.delta.schemas import columns_of, unsupported_features
from lakeward.engines.embedded.file_copies import read_places

# More files are better found by Delta's scan, which reads no footer of a file that it skips.
_MOST_FILES = 32


def rows_of_table(con: duckdb.DuckDBPyConnection, folder: RemotePath, table: DeltaTable) -> str | None:
    """SELECT of all rows of this version of the table; None if Delta's scan is needed."""
    return _rows(con, folder, table, None)


def rows_of_batch(con: duckdb.DuckDBPyConnection, folder: RemotePath, table: DeltaTable, seq: int) -> str | None:
    """SELECT of all rows of the batch from its files; None if Delta's scan is needed."""
    return _rows(con, folder, table, seq)


def _rows(con: duckdb.DuckDBPyConnection, folder: RemotePath, table: DeltaTable, seq: int | None) -> str | None:
    if unsupported_features(table) or table.metadata().partition_columns:
        return None
    files = table.get_add_actions(flatten=True)
    places = range(int(files.num_rows)) if seq is None else batch_file_indexes(files, seq)
    if not 0 < len(places) <= _MOST_FILES:
        return None
    paths, sizes = (action_values(files, name) for name in ("path", "size_bytes"))
    found = read_places(folder, {unquote(paths[place]): sizes[place] for place in places})
    names = ", ".join(map(literal, found))
    scan = f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"
    there = set(con.sql(f"SELECT * FROM {scan}").columns)
    items = ", ".join(
        f"CAST({identifier(column.name) if column.name in there else 'NULL'} AS {sql_type(column.type)}) AS {identifier(column.name)}"
        for column in columns_of(table)
    )
    return f"SELECT {items} FROM {scan}"
