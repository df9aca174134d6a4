"""Rewrites data files with DuckDB: finds files with rows to delete and writes the remaining rows. Does not commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from lakeward.core.sql import identifier, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.table_files import relative_path
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import DeletePredicate
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.tables import TableSpec

# Column with the file of a row; no contract can have it, since names have no leading underscore.
_FILE_COLUMN = "__lakeward_file"


@dataclass(frozen=True, slots=True)
class DuckDbRowRewriter:
    """`RowRewriter` of the table in `folder`."""

    con: duckdb.DuckDBPyConnection
    folder: LakePath
    predicate: DeletePredicate

    def find_files(self, version: int) -> tuple[str, ...]:
        """See `RowRewriter.find_files`."""
        scan = delta_scan(self.folder, version, file_column=_FILE_COLUMN)
        query = f"SELECT DISTINCT {_FILE_COLUMN} FROM ({self.predicate.matching(scan)}) ORDER BY 1"
        return tuple(relative_path(path, self.folder) for (path,) in self.con.execute(query).fetchall())

    def write_remaining_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `RowRewriter.write_remaining_rows`."""
        return self._write_rows(version, files, stored, self.predicate.remaining)

    def write_all_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `RowRewriter.write_all_rows`."""
        return self._write_rows(version, files, stored, lambda scan: f"SELECT * FROM {scan}")

    def _write_rows(
        self, version: int, files: Sequence[str], stored: TableSpec, select_rows: Callable[[str], str]
    ) -> tuple[DataFile, ...]:
        names = ", ".join(path_literal(self.folder / file) for file in files)
        scan = f"(SELECT * FROM {delta_scan(self.folder, version, file_column=_FILE_COLUMN)} WHERE {_FILE_COLUMN} IN ({names}))"
        columns = ", ".join(identifier(column.name) for column in stored.columns)
        return write_files(self.con, self.folder, stored, f"SELECT {columns} FROM ({select_rows(scan)})")
