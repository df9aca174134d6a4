"""An engine over a lake with renamed datasets: flows speak of datasets by their names now, tables and records lie under the first ones.

Nothing that is stored is written again, so seals, evidence, batch numbers and leases stay what they were. A lake without a renaming is
opened without this class.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.dataset_names import NameHistory
from lakeward.core.names import Layer, Relation, TableName
from lakeward.engines.embedded.table_references import resolve_tables
from lakeward.engines.external import AttachedData, ExternalData, Staged
from lakeward.engines.protocols import Engine
from lakeward.engines.recorded_names import as_current, as_stored, current_name
from lakeward.engines.tables import (
    NO_STORED_TYPES,
    Bounds,
    Commit,
    CompactionResult,
    RowStatistics,
    TableInfo,
    TableSpec,
    Txn,
    VacuumResult,
)

_CONDITION = "SELECT 1 WHERE ("


class RenamedTables:
    """`Engine` over another one.

    Args:
        engine: The session; it is closed with this one.
        names: The names of the lake's datasets.
    """

    def __init__(self, engine: Engine, names: NameHistory) -> None:
        self._engine, self.names = engine, names
        self.name, self.product, self.scratch = engine.name, engine.product, engine.scratch

    def close(self) -> None:
        """See `Engine.close`."""
        self._engine.close()

    def tables(self) -> list[TableInfo]:
        """See `TableStore.tables`."""
        found = [replace(info, name=self.names.current_table(info.name)) for info in self._engine.tables()]
        return sorted(found, key=lambda info: info.name)

    def info(self, table: TableName) -> TableInfo | None:
        """See `TableStore.info`."""
        found = self._engine.info(self.names.stored_table(table))
        return found and replace(found, name=table)

    def exists(self, table: TableName) -> bool:
        """See `TableStore.exists`."""
        return self._engine.exists(self.names.stored_table(table))

    def stored_bytes(self, table: TableName) -> int:
        """See `TableStore.stored_bytes`."""
        return self._engine.stored_bytes(self.names.stored_table(table))

    def txn(self, table: TableName, app: str) -> int:
        """See `TableStore.txn`."""
        return self._engine.txn(self.names.stored_table(table), self._application(table, app))

    def transactions(self, table: TableName) -> Mapping[str, int]:
        """See `TableStore.transactions`."""
        found = self._engine.transactions(self.names.stored_table(table))
        return {self.names.current_application(app): version for app, version in found.items()}

    def statistics(self, table: TableName, batch_seq: int) -> RowStatistics | None:
        """See `TableStore.statistics`."""
        return self._engine.statistics(self.names.stored_table(table), batch_seq)

    def count(self, table: TableName, batch_seq: int) -> int:
        """See `TableStore.count`."""
        return self._engine.count(self.names.stored_table(table), batch_seq)

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """See `TableStore.batch_rows`."""
        return self._engine.batch_rows(self.names.stored_table(table), batch_seq)

    def rows_within(self, table: TableName, bounds: Bounds) -> str:  # noqa: ARG002 -- they name datasets as they are called now
        """See `TableStore.rows_within`."""
        return f"SELECT * FROM {table}"

    def has_no_rows_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """See `TableStore.has_no_rows_between`."""
        return self._engine.has_no_rows_between(self.names.stored_table(table), column, low, high)

    def append(self, spec: TableSpec, query: str, txn: Txn, *, rows: int | None = None) -> Commit | None:
        """See `TableStore.append`."""
        return self._engine.append(self._spec(spec), self._rows(spec, query), self._txn(spec, txn), rows=rows)

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """See `TableStore.replace`."""
        return self._engine.replace(self._spec(spec), self._rows(spec, query), keys, self._txn(spec, txn))

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """See `TableStore.overwrite`."""
        rows, txn = self._rows(spec, query), self._txn(spec, txn)
        return self._engine.overwrite(self._spec(spec), rows, self._condition(spec, condition), txn)

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """See `TableStore.annotate`."""
        return self._engine.annotate(self.names.stored_table(table), texts)

    def compact(self, table: TableName, order_by: Sequence[str]) -> CompactionResult | None:
        """See `TableStore.compact`."""
        return self._engine.compact(self.names.stored_table(table), order_by)

    def vacuum(self, table: TableName, retention: timedelta) -> VacuumResult:
        """See `TableStore.vacuum`."""
        return self._engine.vacuum(self.names.stored_table(table), retention)

    @contextmanager
    def dataset_lock(self, dataset: str) -> Iterator[None]:
        """See `TableStore.dataset_lock`. All names of a dataset are one lock."""
        with self._engine.dataset_lock(self.names.stored_name(dataset)):
            yield

    def drop(self, table: TableName) -> None:
        """See `TableStore.drop`."""
        self._engine.drop(self.names.stored_table(table))

    def protect_spills(self) -> None:
        """See `QueryEngine.protect_spills`."""
        self._engine.protect_spills()

    def stage(
        self,
        inputs: Sequence[BatchInput],
        record_format: RecordFormat,
        columns: Sequence[Column],
        stored: Mapping[str, DataType] = NO_STORED_TYPES,
    ) -> Staged:
        """See `QueryEngine.stage`."""
        return self._engine.stage(inputs, record_format, columns, stored)

    def attach(self, name: str, data: ExternalData) -> AttachedData:
        """See `QueryEngine.attach`."""
        return self._engine.attach(name, data)

    def define(self, name: str, query: str) -> Relation:
        """See `QueryEngine.define`."""
        return self._engine.define(name, self._query(query))

    def materialise(self, name: str, query: str) -> Relation:
        """See `QueryEngine.materialise`."""
        return self._engine.materialise(name, self._query(query))

    def fetch(self, query: str, at: Mapping[TableName, int] | None = None) -> list[dict[str, Any]]:
        """See `QueryEngine.fetch`."""
        versions = at and {self.names.stored_table(table): version for table, version in at.items()}
        return self._engine.fetch(self._query(query), versions)

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """See `QueryEngine.types`."""
        return self._engine.types(self.names.stored_table(relation) if isinstance(relation, TableName) else relation)

    def constant(self, text: str) -> str:
        """See `QueryEngine.constant`."""
        return self._engine.constant(text)

    def literal_rows(self, columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
        """See `QueryEngine.literal_rows`."""
        return self._engine.literal_rows(columns, rows)

    def export(self, query: str, file: Path) -> int:
        """See `QueryEngine.export`."""
        return self._engine.export(self._query(query), file)

    def _query(self, query: str) -> str:
        """The query over stored names; rows of governance tables come with the names of now."""
        return resolve_tables(query, self._source)

    def _source(self, table: TableName) -> str:
        if table.layer is not Layer.GOVERNANCE:
            return str(self.names.stored_table(table))
        stored = self._engine.info(table)
        if stored is None:
            return str(table)  # the engine says that it does not exist
        items = [as_current(self.names, table, column.name) for column in stored.columns]
        return f"(SELECT {', '.join(items)} FROM {table} AS recorded)"

    def _rows(self, spec: TableSpec, query: str) -> str:
        """The rows to write, by stored names."""
        text = self._query(query)
        if spec.name.layer is not Layer.GOVERNANCE:
            return text
        items = [as_stored(self.names, spec.name, column.name) for column in spec.columns]
        return f"SELECT {', '.join(items)} FROM (\n{text}\n) AS recorded"

    def _condition(self, spec: TableSpec, condition: str) -> str:
        """A condition over the rows of a table as they are stored."""
        found = self._query(f"{_CONDITION}{condition})")[len(_CONDITION) : -1]
        if spec.name.layer is not Layer.GOVERNANCE:
            return found
        current = current_name(self.names, "dataset")
        return re.sub(r"\bdataset\b", lambda _: f"({current})", found)

    def _spec(self, spec: TableSpec) -> TableSpec:
        return replace(spec, name=self.names.stored_table(spec.name))

    def _txn(self, spec: TableSpec, txn: Txn) -> Txn:
        return Txn(self._application(spec.name, txn.app), txn.version)

    def _application(self, table: TableName, app: str) -> str:
        """The application by the stored name; that of a governance table itself bears the table's name."""
        own = table.layer is Layer.GOVERNANCE and app == f"lakeward/{table.name}"
        return app if own else self.names.stored_application(app)
