"""Commits data files to a Delta table. Each txn is committed once, through the handle that it was read from.

Reading a txn through one handle and committing through another is a race that duplicates batches.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction, create_table_with_add_actions

from lakeward.core.errors import InvariantError, StoreConflictError
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.open_tables import OpenTables, commit_actions, open_table
from lakeward.engines.delta.schemas import missing_columns, to_schema
from lakeward.engines.tables import TableSpec, Txn

# Waits between retries, in seconds. A commit takes 25 ms: ten conflicts in a row are a fault.
BACKOFF = (0.01, 0.02, 0.05, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.8)
# Other engines must not enable deletion vectors for tables that delta-rs reads.
_PROPERTIES = {"delta.enableDeletionVectors": "false"}

T = TypeVar("T")


def commit_with_retries(
    folder: Path, spec: TableSpec, txn: Txn, attempt: Callable[[DeltaTable | None], T], tables: OpenTables | None = None
) -> T:
    """Call `attempt` with the current table and retry on write conflicts. Adds missing columns of `spec` first.

    Args:
        tables: Open tables of the session; None to open the table for this commit alone.

    Raises:
        StoreConflictError: `txn` was committed meanwhile, or all retries conflicted.
    """
    tables = tables or OpenTables()
    for wait in (*BACKOFF, None):
        table = tables.open(folder)
        try:
            new = missing_columns(table, spec) if table else []
            if table and new:
                # deltalake can't commit columns and rows together: a kill in between leaves a column of NULLs, which is harmless.
                table.alter.add_columns(new)
            if tables.committed_version(folder, table, txn.app) >= txn.version:
                break
            return attempt(table)
        except CommitFailedError:
            if wait is None:
                break
            time.sleep(wait)
    raise StoreConflictError("table_taken", table=spec.name, app=txn.app, version=txn.version)


def commit(
    table: DeltaTable | None,
    folder: Path,
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
        _create(folder, spec, adds, [Transaction(txn.app, txn.version) for txn in txns])
        return 0
    changes: list[AddAction | RemoveAction] = [*adds, *(removal(path) for path in removed)]
    return commit_changes(table, folder, changes, txns)


def commit_changes(table: DeltaTable, folder: Path, changes: Sequence[AddAction | RemoveAction], txns: Sequence[Txn]) -> int:
    """Change the files of a table and record the transactions in one commit; returns its version.

    Raises:
        CommitFailedError: Another commit was first, and stands in the way of this one.
    """
    properties = CommitProperties(app_transactions=[Transaction(txn.app, txn.version) for txn in txns])
    before = table.version()
    by = table.metadata().partition_columns
    table.create_write_transaction([*changes], "append", table.schema(), by, commit_properties=properties)
    table.update_incremental()
    return _version_of_txn(folder, txns[0], range(before + 1, table.version() + 1))


def removal(path: str, *, data_change: bool = True) -> RemoveAction:
    """The Delta action that removes the file.

    Args:
        data_change: False if its rows stay in the table, in other files.
    """
    return RemoveAction(path, data_change=data_change, deletion_timestamp=time.time_ns() // 1_000_000)


def files_removed_between(folder: Path, before: int, version: int) -> set[str]:
    """Files that others removed between our read and our commit (engines without the fence)."""
    found: set[str] = set()
    for commit_version in range(before + 1, version):
        found |= {unquote(action["remove"]["path"]) for action in commit_actions(folder, commit_version) if "remove" in action}
    return found


def _create(folder: Path, spec: TableSpec, adds: list[AddAction], txns: list[Transaction]) -> None:
    # Without retries: with them delta-rs commits both of two concurrent creators, rows and txn twice.
    properties = CommitProperties(max_commit_retries=0, app_transactions=txns)
    try:
        create_table_with_add_actions(
            str(folder),
            to_schema(spec),
            adds,
            "error",
            list(spec.partition_by),
            configuration=_PROPERTIES,
            commit_properties=properties,
        )
    except DeltaError as error:
        if open_table(folder) is None:
            raise
        raise CommitFailedError("created by another process") from error


def _version_of_txn(folder: Path, txn: Txn, versions: range) -> int:
    """The version among `versions` that recorded `txn`; others can have committed before and after it."""
    recorded = {"appId": txn.app, "version": txn.version}
    for version in versions:
        if any(recorded.items() <= action.get("txn", {}).items() for action in commit_actions(folder, version)):
            return version
    raise InvariantError("commit_not_found", table=folder.name, app=txn.app, version=txn.version)
