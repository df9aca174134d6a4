"""Delta tables that others made: their rows by DuckDB, their protocol and the values of mapped partitions by deltalake.

A table with a feature that is not read rightly is an error that names the feature (`engines/delta/features.py`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakeward.core.errors import DataError
from lakeward.core.sql import identifier, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.features import mapped_names, refused_feature, unreadable_features
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import storage_options
from lakeward.engines.embedded.literals import unnested_rows
from lakeward.engines.embedded.scans import delta_scan

_NAMES_DIFFER = "columnMapping (mode id, with other names in the files)"
_OWN_FILE_NAME = "columnMapping (partitions, beside a column called filename)"


def partition_sources(con: duckdb.DuckDBPyConnection, name: str, folder: LakePath) -> dict[str, str]:
    """SQL of those columns of the table that DuckDB does not read itself, over `delta_scan(folder)`.

    It looks for values of partitions under the columns' own names, where a table with column mapping has others, and finds NULL.

    Args:
        name: Of the relations that the table becomes; one more is made beside them.

    Raises:
        DataError: It is no table, or uses a feature that is not read.
    """
    with delta_faults(folder):
        table = DeltaTable(str(folder), storage_options=storage_options(folder))
        if features := unreadable_features(table):
            raise _unreadable_feature(folder, ", ".join(features))
        _check_names_of_ids(con, folder, table)
        columns = table.metadata().partition_columns
        if not columns or table.metadata().configuration.get("delta.columnMapping.mode", "none") == "none":
            return {}
        types = {row[0]: row[1] for row in con.execute(f"DESCRIBE FROM {delta_scan(folder)}").fetchall()}
        if "filename" in map(str.lower, types):
            raise _unreadable_feature(folder, _OWN_FILE_NAME)
        values = identifier(f"{name}_partitions")
        _keep_partitions(con, values, folder, table, {column: types[column] for column in columns})
        unknown = f"SELECT 1 FROM {delta_scan(folder)} WHERE filename NOT IN (SELECT file FROM {values}) LIMIT 1"
        if con.execute(unknown).fetchall():
            raise _unreadable_feature(folder, "columnMapping")
    return {column: f"(SELECT p.{identifier(column)} FROM {values} AS p WHERE p.file = filename)" for column in columns}


@contextmanager
def delta_faults(folder: LakePath) -> Iterator[None]:
    """Raise what DuckDB and deltalake say of a table as an error of ours.

    Raises:
        DataError: It is no table, is damaged, or uses a feature that is not read.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, DeltaError, OSError) as error:
        if feature := refused_feature(str(error)):
            raise _unreadable_feature(folder, feature) from None
        raise DataError("data_unreadable", file=folder) from None


def _check_names_of_ids(con: duckdb.DuckDBPyConnection, folder: LakePath, table: DeltaTable) -> None:
    """Check that files have each mapped id under the name that the table says: by names alone it would be found nowhere."""
    ids = mapped_names(table)
    files = [str(folder / file.path) for file in stored_files(table)]
    if not ids or not files:
        return
    listed = f"[{', '.join(map(path_literal, files))}]"
    found = con.execute(f"SELECT DISTINCT field_id, name FROM parquet_schema({listed}) WHERE field_id IS NOT NULL").fetchall()
    if any(ids.get(str(field), column) != column for field, column in found):
        raise _unreadable_feature(folder, _NAMES_DIFFER)


def _keep_partitions(
    con: duckdb.DuckDBPyConnection, relation: str, folder: LakePath, table: DeltaTable, types: Mapping[str, str]
) -> None:
    """Make a table of the files and their partition values, as the log has them; an empty text is NULL by the protocol."""
    columns = ", ".join(f"{identifier(name)} {type_}" for name, type_ in types.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} (file VARCHAR, {columns})")
    rows = [[str(folder / file.path), *(file.partition.get(name) or None for name in types)] for file in stored_files(table)]
    if rows:
        items = ", ".join(f"r[{place}]" for place in range(1, len(types) + 2))
        con.execute(f"INSERT INTO {relation} SELECT {items} FROM ({unnested_rows(rows)})")


def _unreadable_feature(folder: LakePath, feature: str) -> DataError:
    return DataError("data_feature_unreadable", file=folder, feature=feature)
