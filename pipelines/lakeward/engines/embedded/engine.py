"""The embedded engine: DuckDB reads and writes, deltalake commits, one process, one machine."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import duckdb

from lakeward.core.dataset_names import NOT_RENAMED
from lakeward.core.errors import ContractError, StoreConflictError
from lakeward.core.names import TableName
from lakeward.core.storage.lake import Lake, store_of
from lakeward.core.storage.probe import check_store
from lakeward.core.storage.remote_path import RemotePath
from lakeward.engines.delta.commits import commit_with_retries, settle_conflict
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.dataset_lock import TURNS, dataset_lock
from lakeward.engines.delta.fencing import fence_tables, move_table, tables_of
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.delta.table_life import drop_table
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import DeletePredicate, delete_same_keys
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.embedded.tables import EmbeddedTables
from lakeward.engines.tables import Commit, CompactionResult, TableSpec, Txn, VacuumResult


class EmbeddedEngine(EmbeddedTables):
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
        # What this session writes under; None where it writes what all may write.
        self.lease: Lease | None = None

    def new_session(self) -> "EmbeddedEngine":
        """Another session over the same lake and database: with its memory and threads, but temporary relations of its own."""
        return EmbeddedEngine(self.lake, beside=self._con)

    def append(self, spec: TableSpec, query: str, txn: Txn, *, rows: int | None = None) -> Commit | None:
        """See `TableStore.append`."""
        return self._write(spec, query, txn, lambda _: None, rows)

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
        self,
        spec: TableSpec,
        query: str,
        txn: Txn,
        make_predicate: Callable[[Sequence[DataFile]], DeletePredicate | None],
        rows: int | None = None,
    ) -> Commit | None:
        folder = self._folder(spec.name)
        with machine_faults(self._lake):
            table = self._tables.open(folder)
            if self._tables.committed_version(folder, table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = write_files(self._con, folder, spec, self._resolve(query), rows)
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
