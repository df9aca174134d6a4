"""The embedded engine: DuckDB reads and writes, deltalake commits, one process, one machine."""

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from lakeward.core.errors import ContractError, StoreConflictError, UsageError
from lakeward.core.names import Layer, TableName
from lakeward.engines.delta.commits import commit_with_retries
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.delta.dataset_lock import dataset_lock
from lakeward.engines.delta.open_tables import OpenTables
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import DeletePredicate, delete_same_keys
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.embedded.session import EmbeddedSession
from lakeward.engines.embedded.statistics import batch_statistics, has_no_rows_between
from lakeward.engines.embedded.transactions import table_transactions
from lakeward.engines.tables import Commit, CompactionResult, RowStatistics, TableInfo, TableSpec, Txn, VacuumResult


class EmbeddedEngine(EmbeddedSession):
    """`TableStore` over the session's lake, a local folder.

    Args:
        lake: Folder of the tables; created if missing.
        memory_limit: In DuckDB's notation; None for DuckDB's default, 80 % of the machine.
        beside: See `EmbeddedSession`.

    Raises:
        UsageError: The lake is not a local folder.
        MachineError: The lake can't be written.
    """

    name = "embedded"
    product = ("duckdb", duckdb.__version__)

    def __init__(self, lake: str, *, memory_limit: str | None = None, beside: duckdb.DuckDBPyConnection | None = None) -> None:
        if "://" in lake:
            raise UsageError("lake_not_local", lake=lake)
        super().__init__(Path(lake).absolute(), memory_limit, beside=beside)
        self._tables = OpenTables()

    def new_session(self) -> "EmbeddedEngine":
        """Another session over the same lake and database: with its memory and threads, but temporary relations of its own."""
        return EmbeddedEngine(str(self._lake), beside=self._con)

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        folders = sorted(log.parent for layer in Layer for log in (self._lake / layer).glob("*/_delta_log"))
        names = [TableName(Layer(folder.parent.name), folder.name) for folder in folders]
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
        return int(self.fetch(f"SELECT count(*) AS n FROM {table} WHERE _batch_seq = {batch_seq}")[0]["n"])

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`. DuckDB skips files by their bounds itself."""
        return f"SELECT * FROM {table} WHERE _batch_seq = {batch_seq}"

    def has_no_rows_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_no_rows_between`."""
        with machine_faults(self._lake):
            stored = self._tables.open(self._folder(table))
            return stored is None or has_no_rows_between(stored, column, low, high)

    def append(self, spec: TableSpec, query: str, txn: Txn) -> Commit | None:
        """See `TableStore.append`."""
        return self._write(spec, query, txn, lambda _: None)

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`. A key with a NULL in it replaces nothing."""
        return self._write(
            spec, query, txn, lambda added: delete_same_keys(self._con, self._folder(spec.name), spec, keys, added)
        )

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        predicate = DeletePredicate(
            matching=lambda scan: self._resolve(f"SELECT * FROM {scan} WHERE ({condition})"),
            remaining=lambda scan: self._resolve(f"SELECT * FROM {scan} WHERE ({condition}) IS NOT TRUE"),
        )
        return self._write(spec, query, txn, lambda _: predicate)

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        from lakeward.engines.delta.column_metadata import annotate  # noqa: PLC0415 -- queries do without it

        with machine_faults(self._lake):
            return annotate(self._folder(table), table, texts, self._tables)

    def compact(self, table: TableName, order_by: Sequence[str]) -> CompactionResult | None:
        """See `TableStore.compact`."""
        from lakeward.engines.delta.compaction import Compaction  # noqa: PLC0415 -- as above
        from lakeward.engines.embedded.compaction import DuckDbBinWriter  # noqa: PLC0415

        folder = self._folder(table)
        with machine_faults(self._lake):
            return Compaction(folder, table, order_by, DuckDbBinWriter(self._con, folder)).run()

    def vacuum(self, table: TableName, retention: timedelta) -> VacuumResult:
        """See `TableStore.vacuum`."""
        from lakeward.engines.delta.vacuum import vacuum  # noqa: PLC0415 -- as above

        with machine_faults(self._lake):
            return vacuum(self._folder(table), table, retention)

    def dataset_lock(self, dataset: str) -> AbstractContextManager[None]:
        """See `TableStore.dataset_lock`. Between processes of one machine."""
        return dataset_lock(self._lake, dataset)

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`. The folder is renamed first, so that a kill leaves no partial table."""
        with machine_faults(self._lake):
            if self._folder(table).exists():
                trash = self.scratch / str(uuid.uuid4())
                self._folder(table).rename(trash)
                shutil.rmtree(trash)

    def _write(
        self, spec: TableSpec, query: str, txn: Txn, make_predicate: Callable[[Sequence[DataFile]], DeletePredicate | None]
    ) -> Commit | None:
        folder = self._folder(spec.name)
        with machine_faults(self._lake):
            table = self._tables.open(folder)
            if self._tables.committed_version(folder, table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = write_files(self._con, folder, spec, self._resolve(query))
            try:
                predicate = make_predicate(added)
                rewriter = DuckDbRowRewriter(self._con, folder, predicate) if predicate else None
                return commit_with_retries(
                    folder,
                    spec,
                    txn,
                    Rewrite(folder=folder, spec=spec, added=added, rewriter=rewriter, txn=txn).attempt,
                    self._tables,
                )
            except (StoreConflictError, ContractError):
                remove_files(folder, added)
                raise
