"""Writes the bins of a compaction with DuckDB: one sorted file per bin. Does not commit."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import duckdb

from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.compaction import Bin
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.file_copies import read_places
from lakeward.engines.tables import TableColumn, TableSpec


@dataclass(frozen=True, slots=True)
class DuckDbBinWriter:
    """`BinWriter` of the table in `folder`. A sort larger than memory spills to the session's scratch folder."""

    con: duckdb.DuckDBPyConnection
    folder: LakePath

    def write_bins(self, bins: Sequence[Bin], stored: TableSpec, order_by: Sequence[str]) -> tuple[DataFile, ...]:
        """See `BinWriter.write_bins`."""
        inside = TableSpec(stored.name, tuple(column for column in stored.columns if column.name not in stored.partition_by))
        done: list[DataFile] = []
        with ExitStack() as undo:
            undo.callback(remove_files, self.folder, done)
            for each in bins:
                written = write_files(self.con, self.folder, inside, self._rows_select(each, inside, order_by))
                done += [replace(file, partition=each.files[0].partition) for file in written]
            undo.pop_all()
        return tuple(done)

    def _rows_select(self, file_bin: Bin, file_spec: TableSpec, order_by: Sequence[str]) -> str:
        """SELECT of the rows. Compaction has checked that a plain Parquet reader can read the table."""
        names = ", ".join(map(path_literal, read_places(self.folder, {file.path: file.size for file in file_bin.files})))
        scan = f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"
        there = set(self.con.sql(f"SELECT * FROM {scan}").columns)
        items = ", ".join(_item(column, there) for column in file_spec.columns)
        # A partition column has one value in a bin.
        order = ", ".join(identifier(name) for name in order_by if name in {column.name for column in file_spec.columns})
        return f"SELECT {items} FROM {scan}" + (f" ORDER BY {order}" if order else "")


def _item(column: TableColumn, existing_columns: set[str]) -> str:
    """The column; NULL for files that lack it."""
    name = identifier(column.name)
    return name if column.name in existing_columns else f"CAST(NULL AS {sql_type(column.type)}) AS {name}"
