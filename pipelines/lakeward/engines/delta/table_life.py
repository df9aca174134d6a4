"""Creates tables of a lake, adds columns to them, and drops those of an object store.

In an object store a folder can't be removed at once: a dropped table stays, without files, until it is created again.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from lakeward.core.errors import StoreConflictError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.appends import create_commit
from lakeward.engines.delta.fencing import check_lease
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.log_commit import file_action, metadata_action, properties_of, removal, txn_action, write_commit
from lakeward.engines.delta.log_mirror import newest_commit
from lakeward.engines.delta.open_tables import DROPPED, drop_note, is_dropped, open_any_table, open_table
from lakeward.engines.delta.schemas import to_schema
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.tables import TableSpec, Txn

# Waits between retries, in seconds. A commit takes 25 ms: ten conflicts in a row are a fault.
BACKOFF = (0.01, 0.02, 0.05, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.8)
# Other engines must not enable deletion vectors for tables that delta-rs reads.
_PROPERTIES = {"delta.enableDeletionVectors": "false"}
# Each open of a table reads the commits since the last checkpoint, one request each.
_REMOTE_PROPERTIES = {"delta.checkpointInterval": "10"}


def create_table(folder: LakePath, spec: TableSpec, adds: list[AddAction], txns: Sequence[Txn]) -> int:
    """Create a table of these files; returns its version, which goes on counting where a dropped one ended.

    Raises:
        CommitFailedError: Another process created it.
    """
    if isinstance(folder, RemotePath) and newest_commit(folder) is not None:
        return _create_again(folder, spec, adds, txns)
    configuration = _PROPERTIES if isinstance(folder, Path) else _PROPERTIES | _REMOTE_PROPERTIES
    create_commit(folder, spec, configuration, adds, txns)
    return 0


def _create_again(folder: RemotePath, spec: TableSpec, adds: list[AddAction], txns: Sequence[Txn]) -> int:
    """Create a table over a dropped one, which has no files."""
    dropped = open_any_table(folder)
    if dropped is None or not is_dropped(folder, dropped):
        raise CommitFailedError("created by another process")
    version, columns = dropped.version() + 1, json.loads(to_schema(spec).to_json())["fields"]

    def replace_all(fields: list[dict[str, Any]]) -> None:
        fields[:] = columns

    metadata = metadata_action(dropped, replace_all, {"partitionColumns": list(spec.partition_by)})
    if not write_commit(folder, version, "WRITE", [metadata, *map(file_action, adds), *map(txn_action, txns)]):
        raise CommitFailedError("created by another process")
    drop_note(folder).unlink(missing_ok=True)
    return version


def add_columns(folder: LakePath, table: DeltaTable, new: list[Field], txns: Sequence[Txn] = ()) -> None:
    """Add nullable columns.

    Raises:
        CommitFailedError: Another commit came first.
    """
    if not isinstance(folder, RemotePath):
        table.alter.add_columns(new, commit_properties=properties_of(txns))
        return
    metadata = metadata_action(table, lambda fields: fields.extend(json.loads(Schema(new).to_json())["fields"]))
    if not write_commit(folder, table.version() + 1, "ADD COLUMN", [metadata, *map(txn_action, txns)]):
        raise CommitFailedError("another commit came first")


def drop_table(folder: RemotePath, name: TableName, lease: Lease | None) -> None:
    """Drop a table of an object store: one commit removes all its files, and says so by its transaction; vacuum deletes them.

    Raises:
        StoreConflictError: Others committed first every time, or the lease is lost.
    """
    for wait in (*BACKOFF, None):
        table = open_table(folder)
        check_lease(lease, name, table)
        if table is None:
            return
        folder.store.replace(drop_note(folder).key, b"")
        removals = [file_action(removal(file.path)) for file in stored_files(table)]
        txns = [Txn(DROPPED, table.version() + 1), *([lease.txn] if lease else [])]
        if write_commit(folder, table.version() + 1, "WRITE", [*removals, *map(txn_action, txns)]):
            return
        if wait is not None:
            time.sleep(wait)
    raise StoreConflictError("table_taken", table=name, app=DROPPED, version="-")
