"""The Spark engine: executors read, judge and write rows; the embedded engine handles governance tables and commits."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from pyspark import __version__
from pyspark.sql import DataFrame

from lakeward.core.dataset_names import NOT_RENAMED
from lakeward.core.errors import ContractError, StoreConflictError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import SparkSettings
from lakeward.core.storage.lake import Lake
from lakeward.engines.delta.commits import commit_with_retries, settle_conflict
from lakeward.engines.delta.compaction import Compaction
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.spark.batches import rows_of_batch
from lakeward.engines.spark.compaction import SparkBinWriter
from lakeward.engines.spark.data_files import write_files
from lakeward.engines.spark.delete_predicate import DeletePredicate, delete_same_keys
from lakeward.engines.spark.faults import spark_faults
from lakeward.engines.spark.query_engine import SparkQueryEngine
from lakeward.engines.spark.rewrite import SparkRowRewriter
from lakeward.engines.tables import Bounds, Commit, CompactionResult, RowStatistics, TableInfo, TableSpec, Txn, VacuumResult

# Name of the stored rows in a query that selects among them.
_STORED = "__lakeward_stored"


class SparkEngine(SparkQueryEngine):
    """`TableStore` over a lake, whose folder on this machine is shared by driver and executors.

    Args:
        lake: Where the tables lie, in a folder, which is created if missing, or an S3-compatible store.
        memory_limit: Memory limit of the driver's embedded engine, in DuckDB's notation.

    Raises:
        MachineError: The lake can't be written, or Spark does not start.
    """

    name = "spark"
    product = ("spark", __version__)
    names = NOT_RENAMED

    def __init__(self, lake: Lake | str, settings: SparkSettings, *, memory_limit: str | None = None) -> None:
        super().__init__(lake, settings, memory_limit)

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        return self._driver_engine.tables()

    def info(self, table: TableName) -> TableInfo | None:
        """See `TableStore.info`."""
        return self._driver_engine.info(table)

    def exists(self, table: TableName) -> bool:
        """See `TableStore.exists`."""
        return self._driver_engine.exists(table)

    def stored_bytes(self, table: TableName) -> int:
        """See `TableStore.stored_bytes`."""
        return self._driver_engine.stored_bytes(table)

    def txn(self, table: TableName, app: str) -> int:
        """See `TableStore.txn`."""
        return self._driver_engine.txn(table, app)

    def transactions(self, table: TableName) -> dict[str, int]:
        """See `TableStore.transactions`."""
        return self._driver_engine.transactions(table)

    def statistics(self, table: TableName, batch_seq: int) -> RowStatistics | None:
        """See `TableStore.statistics`."""
        return self._driver_engine.statistics(table, batch_seq)

    def count(self, table: TableName, batch_seq: int) -> int:
        """See `TableStore.count`. The number comes from Delta's log, since a Spark job would dominate small batches."""
        if known := self.statistics(table, batch_seq):
            return known.rows
        if self.info(table) is None:
            return 0
        return int(self.fetch(f"SELECT count(*) AS n FROM {table} WHERE _batch_seq = {batch_seq}")[0]["n"])

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`. Avoids Delta's scan, whose job over the log dominates small batches."""
        own = f"__batch_{uuid.uuid4().hex}"
        with spark_faults(self._lake):
            folder = self._folder(table)
            rows = rows_of_batch(self._spark, folder, self._driver_engine.handles.open(folder), table, batch_seq)
            if rows is None:
                return f"SELECT * FROM {table} WHERE _batch_seq = {batch_seq}"
            self._register(own, rows)
        return f"SELECT * FROM {own}"

    def rows_within(self, table: TableName, bounds: Bounds) -> str:  # noqa: ARG002 -- Delta's scan skips files itself
        """See `TableStore.rows_within`."""
        return f"SELECT * FROM {table}"

    def has_no_rows_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_no_rows_between`."""
        return self._driver_engine.has_no_rows_between(table, column, low, high)

    def append(self, spec: TableSpec, query: str, txn: Txn, *, rows: int | None = None) -> Commit | None:
        """See `TableStore.append`."""
        if self._is_governance(spec, query):
            return self._driver_engine.append(spec, query, txn, rows=rows)
        return self._write(spec, query, txn, lambda _: None)

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`. A key with a NULL in it replaces nothing."""
        if self._is_governance(spec, query):
            return self._driver_engine.replace(spec, query, keys, txn)
        return self._write(
            spec, query, txn, lambda added: delete_same_keys(self._spark, self._folder(spec.name), spec, keys, added)
        )

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        if self._is_governance(spec, query):
            return self._driver_engine.overwrite(spec, query, condition, txn)
        predicate = DeletePredicate(
            matching=lambda stored: self._select_rows(stored, f"({condition})"),
            remaining=lambda stored: self._select_rows(stored, f"({condition}) IS NOT TRUE"),
        )
        return self._write(spec, query, txn, lambda _: predicate)

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        return self._driver_engine.annotate(table, texts)

    def compact(self, table: TableName, order_by: Sequence[str]) -> CompactionResult | None:
        """See `TableStore.compact`."""
        if table.layer is Layer.GOVERNANCE:
            return self._driver_engine.compact(table, order_by)
        folder = self._folder(table)
        with machine_faults(self._lake), spark_faults(self._lake):
            writer, lease = SparkBinWriter(self._spark, folder), self._driver_engine.lease
            return Compaction(folder=folder, name=table, order_by=order_by, writer=writer, lease=lease).run()

    def vacuum(self, table: TableName, retention: timedelta) -> VacuumResult:
        """See `TableStore.vacuum`."""
        return self._driver_engine.vacuum(table, retention)

    def dataset_lock(self, dataset: str) -> AbstractContextManager[None]:
        """See `TableStore.dataset_lock`. It is the driver that holds the lock."""
        return self._driver_engine.dataset_lock(dataset)

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`."""
        self._driver_engine.drop(table)

    def _is_governance(self, spec: TableSpec, query: str) -> bool:
        return spec.name.layer is Layer.GOVERNANCE and self._is_driver_query(query)

    def _select_rows(self, stored: DataFrame, condition: str) -> DataFrame:
        self._register(_STORED, stored)
        return self._frame(f"SELECT * FROM {_STORED} WHERE {condition}")

    def _write(
        self, spec: TableSpec, query: str, txn: Txn, make_predicate: Callable[[Sequence[DataFile]], DeletePredicate | None]
    ) -> Commit | None:
        folder, handles = self._folder(spec.name), self._driver_engine.handles
        with machine_faults(self._lake), spark_faults(self._lake):
            table = handles.open(folder)
            if handles.committed_version(folder, table, txn.app) >= txn.version:
                return None
            if table:
                missing_columns(table, spec)
            added = write_files(folder, spec, self._frame(query))
            predicate = make_predicate(added)
            rewriter = SparkRowRewriter(self._spark, folder, partial(self._scan, spec.name), predicate) if predicate else None
            lease = self._driver_engine.lease
            rewrite = Rewrite(folder=folder, spec=spec, added=added, rewriter=rewriter, txn=txn, lease=lease)
            try:
                return commit_with_retries(folder, spec, txn, rewrite.attempt, handles, lease)
            except (StoreConflictError, ContractError):
                if landed := settle_conflict(folder, added, txn):
                    return landed
                raise
