"""What an engine does for the flows: read files, answer queries, commit tables. One conformance suite runs over every engine.

SQL that crosses this line is DuckDB's dialect, kept to what sqlglot can translate; tables of the lake are written `layer.name`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.dataset_names import NameHistory
from lakeward.core.names import Relation, TableName
from lakeward.engines.external import AttachedData, ExternalData, Staged
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


class TableReader(Protocol):
    """Reads tables of a lake: an engine, or the copies of its governance tables in a read model."""

    def info(self, table: TableName) -> object | None:
        """What is known of the table; None where it does not exist."""
        ...

    def fetch(self, query: str) -> list[dict[str, Any]]:
        """See `QueryEngine.fetch`."""
        ...

    def transactions(self, table: TableName) -> Mapping[str, int]:
        """See `TableStore.transactions`."""
        ...


class TableStore(Protocol):
    """Delta tables of one lake. Every write is idempotent under its `Txn`."""

    def tables(self) -> list[TableInfo]:
        """All Delta tables of the lake, by name."""
        ...

    def info(self, table: TableName) -> TableInfo | None:
        """The newest version of the table; None where it does not exist."""
        ...

    def exists(self, table: TableName) -> bool:
        """Whether there is such a table: quicker than `info`, which counts its rows."""
        ...

    def stored_bytes(self, table: TableName) -> int:
        """Bytes of the data files of the table's newest version, from its log; 0 without a table."""
        ...

    def txn(self, table: TableName, app: str) -> int:
        """The last version of `app` that landed in `table`; 0 for none, or no table."""
        ...

    def transactions(self, table: TableName) -> Mapping[str, int]:
        """Every application that committed to `table`, with its last version; none without a table."""
        ...

    def statistics(self, table: TableName, batch_seq: int) -> RowStatistics | None:
        """What the files of a table that Lakeward writes say of its rows `WHERE _batch_seq = batch_seq`.

        Returns:
            None where the files say nothing, or nothing of these rows alone.
        """
        ...

    def count(self, table: TableName, batch_seq: int) -> int:
        """Rows of a batch that a table of its dataset holds now; 0 without a table.

        Flows count each table after each commit: an engine may take the number from what the batch's own files say.
        """
        ...

    def batch_rows(self, table: TableName, batch_seq: int) -> str:
        """SELECT of the rows of a batch that a table holds, by the shortest way that the engine has to them."""
        ...

    def rows_within(self, table: TableName, bounds: Bounds) -> str:
        """SELECT of rows of an existing table, all those within the bounds among them: files may be left out that hold no such row.

        Args:
            bounds: By column, the least and the greatest value.
        """
        ...

    def has_no_rows_between(self, table: TableName, column: str, low: datetime, high: datetime) -> bool:
        """Whether the log proves that no stored row has an instant from `low` to `high` in the column, nor none at all (NULL)."""
        ...

    def append(self, spec: TableSpec, query: str, txn: Txn, *, rows: int | None = None) -> Commit | None:
        """Append the rows of `query`, creating the table or adding nullable columns in the same commit.

        Args:
            rows: About how many these are: few are written without a look at their plan; None if that is not known.

        Returns:
            None where `txn` had landed already: nothing is written.

        Raises:
            StoreConflictError: Another process committed `txn.app` first; look again, then retry.
            ContractError: The stored table does not fit `spec` (`table_schema_mismatch`).
            MachineError: The disk is full, or the lake can't be written.
        """
        ...

    def replace(self, spec: TableSpec, query: str, keys: Sequence[str], txn: Txn) -> Commit | None:
        """Append the rows of `query` and, in the same commit, remove stored rows that have one of their keys.

        Copy-on-write of the touched files, with the fence transaction. Returns and raises as `append`.
        """
        ...

    def overwrite(self, spec: TableSpec, query: str, condition: str, txn: Txn) -> Commit | None:
        """Append the rows of `query` and, in the same commit, remove stored rows for which `condition` holds.

        Copy-on-write of the touched files, with the fence transaction. Returns and raises as `append`.
        """
        ...

    def annotate(self, table: TableName, texts: Mapping[str, Mapping[str, str]]) -> int:
        """Set entries of the metadata of columns, by column and key; other entries, and all rows, stay.

        Returns:
            Columns that were changed; 0 where all said so already: nothing is committed.

        Raises:
            UsageError: The table does not exist.
            StoreConflictError: Others committed first every time.
        """
        ...

    def compact(self, table: TableName, order_by: Sequence[str]) -> CompactionResult | None:
        """Make few files of the table's many small ones, partition by partition, with the same rows, in one commit.

        One call does a bounded part of the work, so that others need not wait long for a turn: call it until it returns None. Rows
        of a new file are sorted, which is all the clustering there is: readers ask for one series over a time, and one order by
        (series, time) answers that as a Z-order would. Files that are large already stay as they are. No transaction moves but
        the fence; readers of the table's changes see none.

        Args:
            order_by: Columns, the first one first; those that the table does not have are left out.

        Returns:
            None where there is nothing to do: nothing is committed.

        Raises:
            UsageError: The table does not exist.
            ContractError: The table uses a feature that we do not write.
            StoreConflictError: Others committed first every time.
        """
        ...

    def vacuum(self, table: TableName, retention: timedelta) -> VacuumResult:
        """Remove files that no version of the time since needs, orphans of killed writes too, and shorten what opening the log takes.

        Versions older than `retention` can't be read afterwards; no file younger than it is removed, committed or not.

        Raises:
            UsageError: The table does not exist, or `retention` is less than an hour: a write may take that long.
            ContractError: The table uses a feature that we do not write.
        """
        ...

    def dataset_lock(self, dataset: str) -> AbstractContextManager[None]:
        """Wait until no other run writes tables of the dataset; others wait until the end of this turn.

        It is a lease that is renewed as long as this process lives, on any machine. One that has lost it can commit nothing more.

        Raises:
            StoreConflictError: From a write under the lock: the lease was lost (`lease_lost`).
        """
        ...

    def drop(self, table: TableName) -> None:
        """Remove the table and its files; nothing happens where there is none."""
        ...


class QueryEngine(Protocol):
    """A session in which relations are named, and small results are fetched."""

    def protect_spills(self) -> None:
        """From now on write no value of a row to a temporary file in clear: before rows are read that a reader may not see.

        Where such files can't be encrypted, none is written, and a query that needs more memory fails.
        """
        ...

    def stage(
        self,
        inputs: Sequence[BatchInput],
        record_format: RecordFormat,
        columns: Sequence[Column],
        stored: Mapping[str, DataType] = NO_STORED_TYPES,
    ) -> Staged:
        """Read the inputs into two relations of the session, without moving a row through Python.

        Rows: one column per contract column, under its contract name (text formats: VARCHAR as received, Parquet:
        its own types; NULL where the file lacks an optional column), then `_file VARCHAR, _file_seq BIGINT, _row BIGINT,
        _extra VARCHAR` (JSON of unknown columns, or NULL). `_row` is the record's number in its file, from 1: the line
        number for text, header included.
        Rejects: `_file, _file_seq, _row, reason VARCHAR` (message code), `detail VARCHAR` (no data values),
        `raw BLOB` (the record's bytes; for a whole-file reject NULL, `_row` 0 and `detail` naming the landed file).

        Args:
            record_format: How to read the text files and sheets among them.
            stored: Types of the table that the rows are for, by contract name; a Parquet record that they can't hold as it is
                is a reject.
        """
        ...

    def attach(self, name: str, data: ExternalData) -> AttachedData:
        """Name rows outside the lake as two relations.

        A time without a zone is seen as UTC. `_file` may be NULL; `_row` is the record's number, from 1. A table of Lakeward's keeps
        its own `_file_seq` and `_row`.

        Raises:
            DataError: The data can't be read, or its files differ in their columns.
            ContractError: A Delta table uses a feature that can't be read (`table_feature_unreadable`).
        """
        ...

    def define(self, name: str, query: str) -> Relation:
        """Name `query` as a relation of the session; it runs when it is read."""
        ...

    def materialise(self, name: str, query: str) -> Relation:
        """Run `query` once and keep its rows as a relation of the session (spills to disk when it is large)."""
        ...

    def fetch(self, query: str, at: Mapping[TableName, int] | None = None) -> list[dict[str, Any]]:
        """A small result, one dict per row; instants are aware UTC datetimes.

        Args:
            query: SELECT over the session's relations and the lake's tables (`layer.name`), each at its newest version.
            at: Versions to read instead, for evidence and time travel.

        Raises:
            UsageError: A table of the lake does not exist (`table_not_found`), or a version is not kept any more (`version_not_kept`).
        """
        ...

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """Columns of a relation of the session or a table of the lake, with their types."""
        ...

    def constant(self, text: str) -> str:
        """SQL of a text that is on every row of a query: an engine may have a way to write it without comparing row by row."""
        ...

    def literal_rows(self, columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
        """A SELECT of these few governance rows, typed, safely quoted; zero rows give an empty, typed relation."""
        ...

    def export(self, query: str, file: Path) -> int:
        """Write the rows of `query` as one Parquet file, for programs that can't ask the engine; the number of rows."""
        ...


class Engine(TableStore, QueryEngine, Protocol):
    """Both halves, over one session: what `flows` works with."""

    name: str  # as `LAKEWARD_ENGINE` says it
    product: tuple[str, str]  # what computes, and its version, as lineage names them
    names: NameHistory  # of renamed datasets
    scratch: Path

    def close(self) -> None:
        """End the session and remove its scratch files."""
        ...
