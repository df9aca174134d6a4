"""Commits data files to a Delta table. Each txn is committed once, through the handle that it was read from.

Reading a txn through one handle and committing through another is a race that duplicates batches.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lakeward.core.errors import ContractError, InvariantError, StoreConflictError
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.appends import append_commit, is_checkpoint_due, only_adds
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.delta.fencing import check_lease
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.log_commit import file_action, properties_of, removal, txn_action, write_commit
from lakeward.engines.delta.log_mirror import checkpoint_log
from lakeward.engines.delta.open_tables import OpenTables, commit_actions, open_table
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_life import BACKOFF, add_columns, create_table
from lakeward.engines.tables import Commit, TableSpec, Txn

# Commits to a table of an object store between two checkpoints.
_CHECKPOINT_INTERVAL = 20

T = TypeVar("T")


def commit_with_retries(
    folder: LakePath,
    spec: TableSpec,
    txn: Txn,
    attempt: Callable[[DeltaTable | None], T],
    tables: OpenTables | None = None,
    lease: Lease | None = None,
) -> T:
    """Call `attempt` with the current table and retry on write conflicts. Adds missing columns of `spec` first.

    Args:
        tables: Open tables of the session; None to open the table for this commit alone.
        lease: What the caller writes under; None for tables that all may write.

    Raises:
        StoreConflictError: `txn` was committed meanwhile, all retries conflicted, or the lease is lost.
    """
    tables = tables or OpenTables()
    for number, wait in enumerate((*BACKOFF, None)):
        table = tables.open(folder)
        check_lease(lease, spec.name, table, look=number > 0)
        try:
            new = missing_columns(table, spec) if table else []
            if table and new:
                # deltalake can't commit columns and rows together: a kill in between leaves a column of NULLs, which is harmless.
                add_columns(folder, table, new, [lease.txn] if lease else [])
                table = tables.open_anew(folder)
            if tables.committed_version(folder, table, txn.app) >= txn.version:
                break
            landed = attempt(table)
        except CommitFailedError:
            tables.forget(folder)
            if wait is None:
                break
            time.sleep(wait)
        else:
            return landed
    raise StoreConflictError("table_taken", table=spec.name, app=txn.app, version=txn.version)


def commit(
    table: DeltaTable | None,
    folder: LakePath,
    spec: TableSpec,
    added: Sequence[DataFile],
    removed: Iterable[str],
    txns: Sequence[Txn],
) -> int:
    """Add and remove files and record the transactions in one commit; returns its version.

    Raises:
        CommitFailedError: Another commit was first, and stands in the way of this one.
    """
    adds = [file.add() for file in added]
    if table is None:
        return create_table(folder, spec, adds, txns)
    changes: list[AddAction | RemoveAction] = [*adds, *(removal(path) for path in removed)]
    return commit_changes(table, folder, changes, txns)


def commit_changes(table: DeltaTable, folder: LakePath, changes: Sequence[AddAction | RemoveAction], txns: Sequence[Txn]) -> int:
    """Change the files of a table and record the transactions in one commit; returns its version.

    Raises:
        CommitFailedError: Another commit was first, and stands in the way of this one.
        ContractError: Rows are removed from a table that a foreign program made one of rows that are only appended.
    """
    _check_append_only(table, folder, changes)
    before = table.version()
    if isinstance(folder, RemotePath):
        if not write_commit(folder, before + 1, "WRITE", [*map(file_action, changes), *map(txn_action, txns)]):
            raise CommitFailedError("another commit came first")
        if (before + 1) % _CHECKPOINT_INTERVAL == 0:
            checkpoint_log(folder, before + 1)
        return before + 1
    by = table.metadata().partition_columns
    if isinstance(folder, Path) and only_adds(changes) and not is_checkpoint_due(table):
        return append_commit(folder, before + 1, by, changes, txns)
    table.create_write_transaction([*changes], "append", table.schema(), by, commit_properties=properties_of(txns))
    table.update_incremental()
    return _version_of_txn(folder, txns[0], range(before + 1, table.version() + 1))


def _check_append_only(table: DeltaTable, folder: LakePath, changes: Sequence[AddAction | RemoveAction]) -> None:
    removes = any(isinstance(change, RemoveAction) and change.data_change for change in changes)
    if removes and table.metadata().configuration.get("delta.appendOnly") == "true":
        raise ContractError(
            "table_feature_unsupported", table=f"{folder.parent.name}.{folder.name}", feature="delta.appendOnly = true"
        )


def settle_conflict(folder: LakePath, added: Sequence[DataFile], txn: Txn) -> Commit | None:
    """After a conflict, the commit of `added` if it landed: its reply was lost, and the repeated one met itself.

    Returns:
        None if it did not land; its files are deleted.
    """
    if not committed_files(folder, added):
        remove_files(folder, added)
        return None
    table = open_table(folder)
    assert table is not None
    return Commit(_version_of_txn(folder, txn, range(table.version(), -1, -1)), sum(file.rows for file in added))


def remove_uncommitted(folder: LakePath, files: Iterable[DataFile]) -> None:
    """Delete files of a commit that failed, unless it landed: its reply can be lost, and a repeated one is refused."""
    remove_files(folder, committed_files(folder, files, landed=False))


def committed_files(folder: LakePath, files: Iterable[DataFile], *, landed: bool = True) -> list[DataFile]:
    """Those of the files that the newest version of the table has, or those that it has not where not `landed`."""
    table = open_table(folder)
    live = {file.path for file in stored_files(table)} if table else set()
    return [file for file in files if (file.path in live) is landed]


def files_removed_between(folder: LakePath, before: int, version: int) -> set[str]:
    """Files that others removed between our read and our commit (engines without the fence)."""
    found: set[str] = set()
    for commit_version in range(before + 1, version):
        found |= {unquote(action["remove"]["path"]) for action in commit_actions(folder, commit_version) if "remove" in action}
    return found


def _version_of_txn(folder: LakePath, txn: Txn, versions: range) -> int:
    """The version among `versions` that recorded `txn`; others can have committed before and after it."""
    if len(versions) == 1:
        return versions[0]
    recorded = {"appId": txn.app, "version": txn.version}
    for version in versions:
        if any(recorded.items() <= action.get("txn", {}).items() for action in commit_actions(folder, version)):
            return version
    raise InvariantError("commit_not_found", table=folder.name, app=txn.app, version=txn.version)
