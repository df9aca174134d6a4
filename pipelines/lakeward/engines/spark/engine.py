"""The Spark engine: rows are read, judged and written by executors; governance tables and commits stay with the embedded engine."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from pyspark import __version__

from lakeward.core.errors import ContractError, StoreConflictError
from lakeward.core.names import TableName
from lakeward.core.settings import SparkSettings
from lakeward.engines.delta.commits import commit, landed, open_table, settle
from lakeward.engines.delta.data_file import remove_files
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.protocols import Commit, Statistics, TableInfo, TableSpec, Txn
from lakeward.engines.spark.relations import Relations


class SparkEngine(Relations):
    """`TableStore` over a folder that driver and executors all see.

    Args:
        lake: Folder of the tables; made where it is missing.
        memory_limit: Of the driver's own engine, as DuckDB writes sizes.

    Raises:
        UsageError: The lake is not a folder.
        MachineError: The lake can't be written, or Spark does not start.
    """

    name = "spark"
    product = ("spark", __version__)

    def __init__(self, lake: str, settings: SparkSettings, *, memory_limit: str | None = None) -> None:
        super().__init__(lake, settings, memory_limit)

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        return self._control.tables()

    def info(self, table: TableName) -> TableInfo | None:
        """See `TableStore.info`."""
        return self._control.info(table)

    def txn(self, table: TableName, app: str) -> int:
        """See `TableStore.txn`."""
        return self._control.txn(table, app)

    def statistics(self, table: TableName, batch_seq: int) -> Statistics | None:
        """See `TableStore.statistics`."""
        return self._control.statistics(table, batch_seq)

    def append(self, spec: TableSpec, query: str, txn: Txn) -> Commit | None:
        """See `TableStore.append`."""
        if self._is_control(query):
            return self._control.append(spec, query, txn)
        folder = self._folder(spec.name)
        with machine_faults(self._lake):
            table = open_table(folder)
            if landed(table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = self._written(spec, query)
            rows = sum(file.rows for file in added)
            try:
                return settle(folder, spec, txn, lambda t: Commit(commit(t, folder, spec, added, (), [txn]), rows))
            except (StoreConflictError, ContractError):
                remove_files(folder, added)
                raise

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`."""
        raise NotImplementedError

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        raise NotImplementedError

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        return self._control.annotate(table, texts)

    def turn(self, dataset: str) -> AbstractContextManager[None]:
        """See `TableStore.turn`. Between drivers of one machine, or of machines whose shared folder keeps locks."""
        return self._control.turn(dataset)

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`."""
        self._control.drop(table)
