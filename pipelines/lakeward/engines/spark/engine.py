"""The Spark engine: rows are read, judged and written by executors; governance tables and commits stay with the embedded engine."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from pyspark import __version__
from pyspark.sql import DataFrame

from lakeward.core.errors import ContractError, StoreConflictError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import SparkSettings
from lakeward.engines.delta.commits import landed, open_table, settle
from lakeward.engines.delta.compacting import Compaction
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.delta.rewriting import Rewrite
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.protocols import Commit, Compacted, Statistics, TableInfo, TableSpec, Txn, Vacuumed
from lakeward.engines.spark.batches import rows_of_batch
from lakeward.engines.spark.correcting import SparkCorrection
from lakeward.engines.spark.doomed import Doomed, same_keys
from lakeward.engines.spark.faults import spark_faults
from lakeward.engines.spark.packing import SparkPacker
from lakeward.engines.spark.relations import Relations
from lakeward.engines.spark.writing import write_files

# Name of the stored rows in a query that chooses among them.
_STORED = "__lakeward_stored"


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

    def count(self, table: TableName, batch_seq: int) -> int:
        """See `TableStore.count`. A Spark job for a number that Delta's log has would cost a small batch most of its time."""
        if known := self.statistics(table, batch_seq):
            return known.rows
        if self.info(table) is None:
            return 0
        return int(self.fetch(f"SELECT count(*) AS n FROM {table} WHERE _batch_seq = {batch_seq}")[0]["n"])

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`. For its scan Delta runs a job over the log, which costs a small batch most of its time."""
        own = f"__batch_{uuid.uuid4().hex}"
        with spark_faults(self._lake):
            rows = rows_of_batch(self._spark, self._folder(table), table, batch_seq)
            if rows is None:
                return f"SELECT * FROM {table} WHERE _batch_seq = {batch_seq}"
            self._name(own, rows)
        return f"SELECT * FROM {own}"

    def has_none_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_none_between`."""
        return self._control.has_none_between(table, column, low, high)

    def append(self, spec: TableSpec, query: str, txn: Txn) -> Commit | None:
        """See `TableStore.append`."""
        if self._is_governance(spec, query):
            return self._control.append(spec, query, txn)
        return self._write(spec, query, txn, lambda _: None)

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`. A key with a NULL in it replaces nothing."""
        if self._is_governance(spec, query):
            return self._control.replace(spec, query, keys, txn)
        return self._write(spec, query, txn, lambda added: same_keys(self._spark, self._folder(spec.name), spec, keys, added))

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        if self._is_governance(spec, query):
            return self._control.overwrite(spec, query, condition, txn)
        doomed = Doomed(
            found=lambda stored: self._chosen(stored, f"({condition})"),
            kept=lambda stored: self._chosen(stored, f"({condition}) IS NOT TRUE"),
        )
        return self._write(spec, query, txn, lambda _: doomed)

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        return self._control.annotate(table, texts)

    def compact(self, table: TableName, order_by: Sequence[str]) -> Compacted | None:
        """See `TableStore.compact`."""
        if table.layer is Layer.GOVERNANCE:
            return self._control.compact(table, order_by)
        folder = self._folder(table)
        with machine_faults(self._lake), spark_faults(self._lake):
            return Compaction(folder, table, order_by, SparkPacker(self._spark, folder)).run()

    def vacuum(self, table: TableName, retention: timedelta) -> Vacuumed:
        """See `TableStore.vacuum`."""
        return self._control.vacuum(table, retention)

    def turn(self, dataset: str) -> AbstractContextManager[None]:
        """See `TableStore.turn`. Between drivers of one machine, or of machines whose shared folder keeps locks."""
        return self._control.turn(dataset)

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`."""
        self._control.drop(table)

    def _is_governance(self, spec: TableSpec, query: str) -> bool:
        return spec.name.layer is Layer.GOVERNANCE and self._is_control(query)

    def _chosen(self, stored: DataFrame, condition: str) -> DataFrame:
        self._name(_STORED, stored)
        return self._frame(f"SELECT * FROM {_STORED} WHERE {condition}")

    def _write(self, spec: TableSpec, query: str, txn: Txn, doom: Callable[[Sequence[DataFile]], Doomed | None]) -> Commit | None:
        folder = self._folder(spec.name)
        with machine_faults(self._lake), spark_faults(self._lake):
            table = open_table(folder)
            if landed(table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = write_files(folder, spec, self._frame(query))
            doomed = doom(added)
            correction = SparkCorrection(self._spark, folder, partial(self._scan, spec.name), doomed) if doomed else None
            try:
                return settle(
                    folder, spec, txn, Rewrite(folder=folder, spec=spec, added=added, correction=correction, txn=txn).attempt
                )
            except (StoreConflictError, ContractError):
                remove_files(folder, added)
                raise
