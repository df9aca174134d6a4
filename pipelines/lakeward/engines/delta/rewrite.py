"""Updates without MERGE (copy-on-write): files with rows to delete are rewritten without them, in one commit with the new rows.

Every commit that removes a file carries the fence, because delta-rs sees no conflict between a compaction and a rewrite of an
older version: both would be committed, and every row of the file would be duplicated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import InvariantError
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.commits import commit, files_removed_between, remove_uncommitted
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.open_tables import committed_version, open_table
from lakeward.engines.delta.schemas import columns_of
from lakeward.engines.delta.table_files import storage_options
from lakeward.engines.tables import Commit, TableSpec, Txn

# The application id that all rewrites and compactions of a table share, in any program.
FENCE = "lakeward/rewrite"
# Number of attempts to undo a commit that conflicts with an external compaction.
UNDO_TRIES = 3


class RowRewriter(Protocol):
    """The engine-specific part: finds files with rows to delete, and writes the remaining rows. Files are paths as in the log."""

    def find_files(self, version: int) -> Sequence[str]:
        """Files of that version with rows to delete."""
        ...

    def write_remaining_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """Write the rows of these files that are not deleted."""
        ...

    def write_all_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """Write all rows of these files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One rewrite of one table: the new rows, already written in `added`, replace the rows to delete.

    Args:
        lease: What the caller writes under; None for tables that all may write.
    """

    folder: LakePath
    spec: TableSpec
    added: tuple[DataFile, ...]
    rewriter: RowRewriter | None
    txn: Txn
    lease: Lease | None = None

    def attempt(self, table: DeltaTable | None) -> Commit:
        """Rewrite the affected files of this version of the table, and commit.

        Raises:
            CommitFailedError: Another commit was first, or this one had to be undone; read the table again.
        """
        touched = self.rewriter.find_files(table.version()) if table and self.rewriter else ()
        rows = sum(file.rows for file in self.added)
        if not (table and self.rewriter and touched):
            return Commit(commit(table, self.folder, self.spec, added=self.added, removed=(), txns=self._txns()), rows)
        before, last = table.version(), committed_version(table, self.txn.app)
        stored = TableSpec(self.spec.name, columns_of(table), self.spec.partition_by)
        carried = self.rewriter.write_remaining_rows(before, touched, stored)
        try:
            fence = Txn(FENCE, committed_version(table, FENCE) + 1)
            version = commit(
                table, self.folder, self.spec, added=(*self.added, *carried), removed=touched, txns=self._txns(fence)
            )
        except CommitFailedError:
            remove_uncommitted(self.folder, carried)
            raise
        if gone := files_removed_between(self.folder, before, version) & set(touched):
            live = sorted(set(touched) - gone)
            restored = self.rewriter.write_all_rows(version - 1, live, self._stored_spec(version - 1)) if live else ()
            self._undo(version, (*self.added, *carried), restored, Txn(self.txn.app, last))
            raise CommitFailedError("undone beside a compaction without the fence")
        moved = sum(file.rows for file in carried)
        return Commit(version, rows + moved, moved)

    def _txns(self, *more: Txn) -> list[Txn]:
        return [self.txn, *more, *([self.lease.txn] if self.lease else [])]

    def _stored_spec(self, version: int) -> TableSpec:
        """The stored table, which can have more columns than the new rows."""
        return TableSpec(
            self.spec.name,
            columns_of(DeltaTable(str(self.folder), version=version, storage_options=storage_options(self.folder))),
            self.spec.partition_by,
        )

    def _undo(self, version: int, own_files: Sequence[DataFile], restored: Sequence[DataFile], txn: Txn) -> None:
        """Undo commit `version`: remove its files, restore the files that only it removed, and reset the txn."""
        for _ in range(UNDO_TRIES):
            table = open_table(self.folder)
            fence = Txn(FENCE, committed_version(table, FENCE) + 1)
            try:
                commit(
                    table, self.folder, self.spec, added=restored, removed=[file.path for file in own_files], txns=[fence, txn]
                )
            except CommitFailedError:
                continue
            return
        raise InvariantError("rewrite_not_undone", table=self.spec.name, version=version)
