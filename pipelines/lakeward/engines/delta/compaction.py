"""Compaction: rewrites many small files as few sorted ones with the same rows.

delta-rs's own `optimize` is not used, because it has no fence: beside a rewrite it duplicated every row. Rows do not change, and
the
log says so (`dataChange` is false), so readers of the change feed see no change. A kill leaves only files that belong to no
version.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lakeward.core.errors import InvariantError, StoreConflictError, UsageError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.commits import commit_changes, files_removed_between, remove_uncommitted
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.delta.fencing import check_lease
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.log_commit import removal
from lakeward.engines.delta.open_tables import committed_version, open_table
from lakeward.engines.delta.rewrite import FENCE, UNDO_TRIES
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import StoredFile, stored_files
from lakeward.engines.delta.table_life import BACKOFF
from lakeward.engines.tables import CompactionResult, TableSpec, Txn

# Bytes that one Spark task reads (`maxPartitionBytes`); a sort of this size spills only if memory is short.
TARGET_FILE_BYTES = 128 << 20
# Sorted rows are smaller: a file filled by a compaction must not count as small again.
SMALL_FILE_BYTES = TARGET_FILE_BYTES // 4
# Rewriting fewer files costs more than opening them.
MIN_FILES = 4
# Maximum work of one commit: it is repeated after a conflict, and other runs wait for it (seconds).
MAX_FILES, MAX_BYTES = 1000, 8 * TARGET_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Bin:
    """Small files of one partition to be merged into one file."""

    files: tuple[StoredFile, ...]


class BinWriter(Protocol):
    """The engine-specific writer: reads the files of bins and writes their rows into new files. Does not commit."""

    def write_bins(self, bins: Sequence[Bin], stored: TableSpec, order_by: Sequence[str]) -> tuple[DataFile, ...]:
        """Write the rows of each bin into one file, sorted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """One compaction of one table.

    Args:
        order_by: Sort columns of the rows in a new file.
        lease: What the caller writes under; None for tables that all may write.
    """

    folder: LakePath
    name: TableName
    order_by: Sequence[str]
    writer: BinWriter
    lease: Lease | None = None

    def run(self) -> CompactionResult | None:
        """Compact the newest version; retries on write conflicts.

        Raises:
            UsageError: The table does not exist.
            ContractError: The table uses a feature or a type that Lakeward does not write.
            StoreConflictError: All retries conflicted, or the lease is lost.
        """
        for wait in (*BACKOFF, None):
            table = open_table(self.folder)
            if table is None:
                raise UsageError("table_not_found", table=self.name)
            check_lease(self.lease, self.name, table)
            try:
                return self.attempt(table)
            except CommitFailedError:
                if wait is not None:
                    time.sleep(wait)
        raise StoreConflictError("table_taken", table=self.name, app=FENCE, version="-")

    def attempt(self, table: DeltaTable) -> CompactionResult | None:
        """Compact this version of the table; None if there is nothing to do.

        Raises:
            CommitFailedError: Another commit was first, or this one had to be undone; read the table again.
        """
        stored = TableSpec(self.name, columns_of(table), tuple(table.metadata().partition_columns))
        missing_columns(table, stored)
        bins = choose_bins(stored_files(table))
        if not bins:
            return None
        before, written = table.version(), self._write_bins(bins, stored)
        old = {file.path for each in bins for file in each.files}
        try:
            version = self._replace_files(table, written, sorted(old))
        except CommitFailedError:
            remove_uncommitted(self.folder, written)
            raise
        if gone := files_removed_between(self.folder, before, version) & old:
            live = [Bin(kept) for each in bins if (kept := tuple(file for file in each.files if file.path not in gone))]
            self._undo(version, [file.path for file in written], self._write_bins(live, stored))
            raise CommitFailedError("undone beside a commit without the fence")
        return CompactionResult(version, len(old), len(written))

    def _write_bins(self, bins: Sequence[Bin], stored: TableSpec) -> tuple[DataFile, ...]:
        order = [name for name in self.order_by if name in {column.name for column in stored.columns}]
        written = self.writer.write_bins(bins, stored, order) if bins else ()
        counted = [file.rows for each in bins for file in each.files]
        before, after = sum(rows or 0 for rows in counted), sum(file.rows for file in written)
        if None not in counted and before != after:
            remove_files(self.folder, written)
            raise InvariantError("compaction_changed_rows", table=self.name, before=before, after=after)
        return written

    def _replace_files(self, table: DeltaTable, added: Sequence[DataFile], removed: Sequence[str]) -> int:
        changes: list[AddAction | RemoveAction] = [
            *(file.add(data_change=False) for file in added),
            *(removal(path, data_change=False) for path in removed),
        ]
        fence = Txn(FENCE, committed_version(table, FENCE) + 1)
        return commit_changes(table, self.folder, changes, [fence, *([self.lease.txn] if self.lease else [])])

    def _undo(self, version: int, own_files: Sequence[str], restored: Sequence[DataFile]) -> None:
        """Undo commit `version`: remove its files and restore the files that only it removed."""
        for _ in range(UNDO_TRIES):
            table = open_table(self.folder)
            assert table is not None
            try:
                self._replace_files(table, restored, own_files)
            except CommitFailedError:
                continue
            return
        raise InvariantError("rewrite_not_undone", table=self.name, version=version)


def choose_bins(files: Sequence[StoredFile]) -> list[Bin]:
    """The bins of one commit: per partition value, its small files in order of their commits."""
    by_partition: dict[tuple[tuple[str, str | None], ...], list[StoredFile]] = {}
    for file in files:
        if file.size < SMALL_FILE_BYTES:
            by_partition.setdefault(tuple(file.partition.items()), []).append(file)
    chosen: list[Bin] = []
    count = size = 0
    for small in by_partition.values():
        for each in _fill_bins(small):
            count, size = count + len(each.files), size + sum(file.size for file in each.files)
            if chosen and (count > MAX_FILES or size > MAX_BYTES):
                return chosen
            chosen.append(each)
    return chosen


def _fill_bins(small: Sequence[StoredFile]) -> Iterator[Bin]:
    """Fill bins of the target size with files of one partition; too few files for a bin are left."""
    bin_files: list[StoredFile] = []
    for file in small:
        if len(bin_files) == MAX_FILES or sum(bin_file.size for bin_file in bin_files) + file.size > TARGET_FILE_BYTES:
            yield Bin(tuple(bin_files))
            bin_files = []
        bin_files.append(file)
    if len(bin_files) >= MIN_FILES:
        yield Bin(tuple(bin_files))
