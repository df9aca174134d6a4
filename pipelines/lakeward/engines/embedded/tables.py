"""What a session knows of the tables of its lake: from their logs where these say it, since a scan reads the log anew for each query."""

from datetime import datetime
from pathlib import Path

import duckdb

from lakeward.contracts.model import DataType
from lakeward.core.names import Relation, TableName
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.open_tables import OpenTables, has_commits
from lakeward.engines.delta.schemas import columns_of, has_own_types
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import table_names
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.file_rows import ALL_FILES, BatchFiles, FileChoice, FilesWithin, rows_of_files
from lakeward.engines.embedded.session import EmbeddedSession
from lakeward.engines.embedded.statistics import batch_statistics, has_no_rows_between
from lakeward.engines.embedded.transactions import table_transactions
from lakeward.engines.tables import Bounds, RowStatistics, TableInfo


class EmbeddedTables(EmbeddedSession):
    """The reading half of `TableStore`. Arguments as of `EmbeddedSession`."""

    def __init__(self, lake: Lake, memory_limit: str | None = None, *, beside: duckdb.DuckDBPyConnection | None = None) -> None:
        super().__init__(lake, memory_limit, beside=beside)
        self._tables = OpenTables()

    def close(self) -> None:
        """See `Engine.close`."""
        super().close()
        self._tables.close()

    @property
    def handles(self) -> OpenTables:
        """The open tables of this session."""
        return self._tables

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        with machine_faults(self._lake):
            names = table_names(self._lake)
        return sorted((info for name in names if (info := self.info(name))), key=lambda info: info.name)

    def info(self, table: TableName) -> TableInfo | None:
        """See `TableStore.info`."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
        if stored is None:
            return None
        return TableInfo(
            name=table, path=str(self._folder(table)), version=stored.version(), rows=stored.count(), columns=columns_of(stored)
        )

    def exists(self, table: TableName) -> bool:
        """See `TableStore.exists`."""
        folder = self._folder(table)
        with machine_faults(self._lake):
            return has_commits(folder) if isinstance(folder, Path) else self._tables.open(folder) is not None

    def stored_bytes(self, table: TableName) -> int:
        """See `TableStore.stored_bytes`."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
            return sum(file.size for file in stored_files(stored)) if stored else 0

    def txn(self, table: TableName, app: str) -> int:
        """See `TableStore.txn`."""
        with machine_faults(self._lake):
            return self._tables.committed_version(self._folder(table), self._tables.open(self._folder(table)), app)

    def transactions(self, table: TableName) -> dict[str, int]:
        """See `TableStore.transactions`."""
        with machine_faults(self._lake):
            return table_transactions(self._con, self._folder(table))

    def statistics(self, table: TableName, batch_seq: int) -> RowStatistics | None:
        """See `TableStore.statistics`."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
            return batch_statistics(stored, batch_seq) if stored else None

    def count(self, table: TableName, batch_seq: int) -> int:
        """See `TableStore.count`. The number comes from Delta's log where each file holds one batch."""
        if known := self.statistics(table, batch_seq):
            return known.rows
        if self.info(table) is None:
            return 0
        if isinstance(self._lake, RemotePath) and (known := self.statistics(table, batch_seq)):
            return known.rows
        return int(self.fetch(f"SELECT count(*) AS n FROM {table} WHERE _batch_seq = {batch_seq}")[0]["n"])

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`. To read one file takes a fifth of Delta's scan, which reads the log anew."""
        return self._file_rows(table, BatchFiles(batch_seq)) or f"SELECT * FROM {table} WHERE _batch_seq = {batch_seq}"

    def rows_within(self, table: TableName, bounds: Bounds) -> str:
        """See `TableStore.rows_within`. As `batch_rows`: only files that may hold such rows are read, if these are few."""
        return self._file_rows(table, FilesWithin(bounds)) or f"SELECT * FROM {table}"

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """See `QueryEngine.types`. Those of a table stand in its log."""
        if isinstance(relation, TableName) and (known := self._stored_types(relation)):
            return known
        return super().types(relation)

    def has_no_rows_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_no_rows_between`."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
            return stored is None or has_no_rows_between(stored, column, low, high)

    def _file_rows(self, table: TableName, choice: FileChoice) -> str | None:
        folder = self._folder(table)
        with machine_faults(self._lake):
            stored = self._tables.open(folder)
            return rows_of_files(self._con, folder, stored, choice) if stored else None

    def _stored_types(self, table: TableName) -> dict[str, DataType] | None:
        """Types of the columns; None without a table, and of one that others have changed."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
        return {column.name: column.type for column in columns_of(stored)} if stored and has_own_types(stored) else None

    def _scan(self, table: TableName, version: int | None = None) -> str:
        rows = self._copied_rows(table, version) if isinstance(self._lake, RemotePath) else None
        return f"({rows})" if rows else super()._scan(table, version)

    def _copied_rows(self, table: TableName, version: int | None) -> str | None:
        """Of a table in an object store: its rows by the copy of its log; None if Delta's scan is needed, which asks the store for the log."""
        folder = self._folder(table)
        with machine_faults(self._lake):
            stored = self._tables.open(folder) if version is None else self._tables.table_at(folder, version)
            return rows_of_files(self._con, folder, stored, ALL_FILES) if stored else None

    def _has_table(self, folder: LakePath) -> bool:
        return super()._has_table(folder) if isinstance(folder, Path) else self._tables.open(folder) is not None
