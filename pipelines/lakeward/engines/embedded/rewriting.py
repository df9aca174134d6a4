"""Corrections without MERGE: the files that hold doomed rows are written anew without them, in one commit with the new rows.

Every commit that removes a file carries the fence, because delta-rs sees no conflict between a compaction and a rewrite of an
older version: both would land, and every row of the file would be there twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import InvariantError
from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.commits import actions, commit, landed, open_table
from lakeward.engines.embedded.data_files import DataFile, remove_files, write_files
from lakeward.engines.embedded.delta_schema import columns_of
from lakeward.engines.embedded.doomed import Doomed
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.protocols import Commit, TableSpec, Txn

# The application id that every rewrite and compaction of a table shares, whatever program does it.
FENCE = "lakeward/rewrite"
# Name of the column that says which file a row lies in; no contract can have it, since its names have no leading underscores.
_PLACE = "__lakeward_file"
# A stranger's compaction must lose its race against us this often in a row before we give up.
_UNDO_TRIES = 3


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One correction of one table: new rows that lie in `added` already, in place of the doomed ones."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    spec: TableSpec
    added: tuple[DataFile, ...]
    doomed: Doomed | None
    txn: Txn

    def attempt(self, table: DeltaTable | None) -> Commit:
        """Rewrite the touched files of this version of the table, and commit.

        Raises:
            CommitFailedError: Another commit was first, or ours had to be undone: look again.
        """
        touched = self._touched(table.version(), self.doomed) if table and self.doomed else ()
        rows = sum(file.rows for file in self.added)
        if not (table and self.doomed and touched):
            return Commit(commit(table, self.folder, self.spec, self.added, (), [self.txn]), rows)
        before, last = table.version(), landed(table, self.txn.app)
        carried = self._carry(before, touched, self.doomed.kept)
        try:
            fence = Txn(FENCE, landed(table, FENCE) + 1)
            version = commit(table, self.folder, self.spec, (*self.added, *carried), touched, [self.txn, fence])
        except CommitFailedError:
            remove_files(self.folder, carried)
            raise
        if gone := self._removed_between(before, version) & set(touched):
            self._undo(version, (*self.added, *carried), sorted(set(touched) - gone), Txn(self.txn.app, last))
            raise CommitFailedError("undone beside a compaction without the fence")
        moved = sum(file.rows for file in carried)
        return Commit(version, rows + moved, moved)

    def _touched(self, version: int, doomed: Doomed) -> tuple[str, ...]:
        scan = delta_scan(self.folder, version, place=_PLACE)
        query = f"SELECT DISTINCT {_PLACE} FROM ({doomed.found(scan)}) ORDER BY 1"
        return tuple(self._relative(path) for (path,) in self.con.execute(query).fetchall())

    def _carry(self, version: int, files: Sequence[str], kept: Callable[[str], str]) -> tuple[DataFile, ...]:
        """Write again the rows that `kept` leaves of these files of that version."""
        if not files:
            return ()
        names = ", ".join(literal(str(self.folder / file)) for file in files)
        scan = f"(SELECT * FROM {delta_scan(self.folder, version, place=_PLACE)} WHERE {_PLACE} IN ({names}))"
        stored = self._stored(version)
        columns = ", ".join(identifier(column.name) for column in stored.columns)
        return write_files(self.con, self.folder, stored, f"SELECT {columns} FROM ({kept(scan)})")

    def _stored(self, version: int) -> TableSpec:
        """The table as it is: it may have columns that the new rows do not know."""
        return TableSpec(self.spec.name, columns_of(DeltaTable(str(self.folder), version=version)), self.spec.partition_by)

    def _removed_between(self, before: int, version: int) -> set[str]:
        """Files that others removed after we looked and before our commit landed (engines that know no fence)."""
        found: set[str] = set()
        for one in range(before + 1, version):
            found |= {unquote(action["remove"]["path"]) for action in actions(self.folder, one) if "remove" in action}
        return found

    def _undo(self, version: int, ours: Sequence[DataFile], live: Sequence[str], txn: Txn) -> None:
        """Take back commit `version`: its files go, the rows of the files that only it removed come back, so does the txn."""
        restored = self._carry(version - 1, live, lambda scan: f"SELECT * FROM {scan}")
        for _ in range(_UNDO_TRIES):
            table = open_table(self.folder)
            fence = Txn(FENCE, landed(table, FENCE) + 1)
            try:
                commit(table, self.folder, self.spec, restored, [file.path for file in ours], [fence, txn])
            except CommitFailedError:
                continue
            return
        raise InvariantError("rewrite_not_undone", table=self.spec.name, version=version)

    def _relative(self, path: str) -> str:
        return str(Path(path).relative_to(self.folder))
