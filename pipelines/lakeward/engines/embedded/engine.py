"""The embedded engine: DuckDB reads and writes, deltalake commits, one process, one machine."""

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from lakeward.core.errors import ContractError, StoreConflictError, UsageError
from lakeward.core.names import Layer, TableName
from lakeward.engines.delta.annotating import annotate
from lakeward.engines.delta.commits import landed, open_table, settle
from lakeward.engines.delta.compacting import Compaction
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.delta.rewriting import Rewrite
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.turns import turn
from lakeward.engines.delta.vacuuming import vacuum
from lakeward.engines.embedded.correcting import DuckDBCorrection
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.doomed import Doomed, same_keys
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.packing import DuckDBPacker
from lakeward.engines.embedded.session import Session
from lakeward.engines.embedded.statistics import batch_statistics, has_none_between
from lakeward.engines.protocols import Commit, Compacted, Statistics, TableInfo, TableSpec, Txn, Vacuumed


class EmbeddedEngine(Session):
    """`TableStore` over the session's lake, a local folder.

    Args:
        lake: Folder of the tables; made where it is missing.
        memory_limit: As DuckDB writes sizes; None: DuckDB's default, 80 % of the machine.

    Raises:
        UsageError: The lake is not a local folder.
        MachineError: The lake can't be written.
    """

    name = "embedded"
    product = ("duckdb", version("duckdb"))

    def __init__(self, lake: str, *, memory_limit: str | None = None) -> None:
        if "://" in lake:
            raise UsageError("lake_not_local", lake=lake)
        super().__init__(Path(lake).absolute(), memory_limit)

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        folders = sorted(log.parent for layer in Layer for log in (self._lake / layer).glob("*/_delta_log"))
        names = [TableName(Layer(folder.parent.name), folder.name) for folder in folders]
        return sorted((info for name in names if (info := self.info(name))), key=lambda info: info.name)

    def info(self, table: TableName) -> TableInfo | None:
        """See `TableStore.info`."""
        with machine_faults(self._lake):
            stored = open_table(self._folder(table))
        if stored is None:
            return None
        return TableInfo(
            name=table, path=str(self._folder(table)), version=stored.version(), rows=stored.count(), columns=columns_of(stored)
        )

    def txn(self, table: TableName, app: str) -> int:
        """See `TableStore.txn`."""
        with machine_faults(self._lake):
            return landed(open_table(self._folder(table)), app)

    def statistics(self, table: TableName, batch_seq: int) -> Statistics | None:
        """See `TableStore.statistics`."""
        with machine_faults(self._lake):
            stored = open_table(self._folder(table))
            return batch_statistics(stored, batch_seq) if stored else None

    def count(self, table: TableName, batch_seq: int) -> int:
        """See `TableStore.count`."""
        if self.info(table) is None:
            return 0
        return int(self.fetch(f"SELECT count(*) AS n FROM {table} WHERE _batch_seq = {batch_seq}")[0]["n"])

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`. DuckDB leaves out files by their bounds itself."""
        return f"SELECT * FROM {table} WHERE _batch_seq = {batch_seq}"

    def has_none_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_none_between`."""
        with machine_faults(self._lake):
            stored = open_table(self._folder(table))
            return stored is None or has_none_between(stored, column, low, high)

    def append(self, spec: TableSpec, query: str, txn: Txn) -> Commit | None:
        """See `TableStore.append`."""
        return self._write(spec, query, txn, lambda _: None)

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`. A key with a NULL in it replaces nothing."""
        return self._write(spec, query, txn, lambda added: same_keys(self._con, self._folder(spec.name), spec, keys, added))

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        doomed = Doomed(
            found=lambda scan: self._resolved(f"SELECT * FROM {scan} WHERE ({condition})"),
            kept=lambda scan: self._resolved(f"SELECT * FROM {scan} WHERE ({condition}) IS NOT TRUE"),
        )
        return self._write(spec, query, txn, lambda _: doomed)

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        with machine_faults(self._lake):
            return annotate(self._folder(table), table, texts)

    def compact(self, table: TableName, order_by: Sequence[str]) -> Compacted | None:
        """See `TableStore.compact`."""
        folder = self._folder(table)
        with machine_faults(self._lake):
            return Compaction(folder, table, order_by, DuckDBPacker(self._con, folder)).run()

    def vacuum(self, table: TableName, retention: timedelta) -> Vacuumed:
        """See `TableStore.vacuum`."""
        with machine_faults(self._lake):
            return vacuum(self._folder(table), table, retention)

    def turn(self, dataset: str) -> AbstractContextManager[None]:
        """See `TableStore.turn`. Between processes of one machine."""
        return turn(self._lake, dataset)

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`. The folder moves out of sight first, so that a kill leaves no half of a table."""
        with machine_faults(self._lake):
            if self._folder(table).exists():
                doomed = self.scratch / str(uuid.uuid4())
                self._folder(table).rename(doomed)
                shutil.rmtree(doomed)

    def _write(self, spec: TableSpec, query: str, txn: Txn, doom: Callable[[Sequence[DataFile]], Doomed | None]) -> Commit | None:
        folder = self._folder(spec.name)
        with machine_faults(self._lake):
            table = open_table(folder)
            if landed(table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = write_files(self._con, folder, spec, self._resolved(query))
            try:
                doomed = doom(added)
                correction = DuckDBCorrection(self._con, folder, doomed) if doomed else None
                return settle(
                    folder, spec, txn, Rewrite(folder=folder, spec=spec, added=added, correction=correction, txn=txn).attempt
                )
            except (StoreConflictError, ContractError):
                remove_files(folder, added)
                raise
