"""The embedded engine: DuckDB reads and writes, deltalake commits, one process, one machine."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from lakeward.core.dataset_names import NOT_RENAMED
from lakeward.core.errors import ContractError, StoreConflictError
from lakeward.core.names import TableName
from lakeward.core.storage.lake import Lake, store_of
from lakeward.core.storage.probe import check_store
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.commits import commit_with_retries, settle_conflict
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.dataset_lock import TURNS, dataset_lock
from lakeward.engines.delta.fencing import fence_tables, move_table, tables_of
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.open_tables import OpenTables
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import table_names
from lakeward.engines.delta.table_life import drop_table
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import DeletePredicate, delete_same_keys
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.remote_rows import rows_of_batch, rows_of_table
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.embedded.session import EmbeddedSession
from lakeward.engines.embedded.statistics import batch_statistics, has_no_rows_between
from lakeward.engines.embedded.transactions import table_transactions
from lakeward.engines.tables import Commit, CompactionResult, RowStatistics, TableInfo, TableSpec, Txn, VacuumResult


class EmbeddedEngine(EmbeddedSession):
    """`TableStore` over the session's lake.

    Args:
        lake: Where the tables lie, or their folder; a folder is created if missing.
        memory_limit: In DuckDB's notation; None for DuckDB's default, 80 % of the machine.
        beside: See `EmbeddedSession`.

    Raises:
        MachineError: The lake can't be written, or the extra `s3` is missing.
    """

    name = "embedded"
    product = ("duckdb", duckdb.__version__)
    names = NOT_RENAMED

    def __init__(
        self, lake: Lake | str, *, memory_limit: str | None = None, beside: duckdb.DuckDBPyConnection | None = None
    ) -> None:
        super().__init__(Lake.in_folder(lake) if isinstance(lake, str) else lake, memory_limit, beside=beside)
        self._tables = OpenTables()
        # What this session writes under; None where it writes what all may write.
        self.lease: Lease | None = None

    def new_session(self) -> "EmbeddedEngine":
        """Another session over the same lake and database: with its memory and threads, but temporary relations of its own."""
        return EmbeddedEngine(self.lake, beside=self._con)

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
        with machine_faults(self._lake):
            return self._tables.open(self._folder(table)) is not None

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
        """See `TableStore.batch_rows`. DuckDB skips files by their bounds itself; in an object store each scan reads the log anew."""
        folder = self._folder(table)
        with machine_faults(self._lake):
            stored = self._tables.open(folder) if isinstance(folder, RemotePath) else None
            if stored and isinstance(folder, RemotePath) and (rows := rows_of_batch(self._con, folder, stored, batch_seq)):
                return rows
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
            writer = DuckDbBinWriter(self._con, folder)
            return Compaction(folder=folder, name=table, order_by=order_by, writer=writer, lease=self.lease).run()

    def vacuum(self, table: TableName, retention: timedelta) -> VacuumResult:
        """See `TableStore.vacuum`."""
        from lakeward.engines.delta.vacuum import vacuum  # noqa: PLC0415 -- as above

        with machine_faults(self._lake):
            self._tables.forget(self._folder(table))
            return vacuum(self._folder(table), table, retention)

    def _scan(self, table: TableName, version: int | None = None) -> str:
        folder = self._folder(table)
        if isinstance(folder, RemotePath) and version is None:
            with machine_faults(self._lake):
                stored = self._tables.open(folder)
                if stored and (rows := rows_of_table(self._con, folder, stored)):
                    return f"({rows})"
        return super()._scan(table, version)

    def _has_table(self, folder: LakePath) -> bool:
        return super()._has_table(folder) if isinstance(folder, Path) else self._tables.open(folder) is not None

    @contextmanager
    def dataset_lock(self, dataset: str) -> Iterator[None]:
        """See `TableStore.dataset_lock`."""
        with ExitStack() as held:
            with machine_faults(self._lake):
                check_store(self.lake)
                lease = held.enter_context(dataset_lock(store_of(self._lake), self.lake.files / TURNS, dataset))
            with self.under(lease):
                yield

    @contextmanager
    def under(self, lease: Lease) -> Iterator[None]:
        """Write under this lease until the end of the block."""
        if lease.took_over:
            with machine_faults(self._lake):
                fence_tables(tables_of(self._lake, lease.dataset), lease)
        self.lease = lease
        try:
            with self._tables.holding():
                yield
        finally:
            self.lease = None

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`. A folder is renamed first, so that a kill leaves no partial table."""
        folder = self._folder(table)
        with machine_faults(self._lake):
            if isinstance(folder, RemotePath):
                drop_table(folder, table, self.lease)
                self._tables.forget(folder)
            elif folder.exists():
                trash = self.scratch / str(uuid.uuid4())
                move_table(folder, trash, table, self.lease)
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
                    Rewrite(folder=folder, spec=spec, added=added, rewriter=rewriter, txn=txn, lease=self.lease).attempt,
                    self._tables,
                    self.lease,
                )
            except (StoreConflictError, ContractError):
                if landed := settle_conflict(folder, added, txn):
                    return landed
                raise
