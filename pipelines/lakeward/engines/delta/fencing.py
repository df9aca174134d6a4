"""Keeps a holder that has lost its lease from changing a table, at any moment between its look at the lease and its commit."""

import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import CommitProperties, Transaction

from lakeward.core.errors import InvariantError, StoreConflictError
from lakeward.core.names import Layer, TableName
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.lease import Lease
from lakeward.engines.delta.log_commit import txn_action, write_commit
from lakeward.engines.delta.open_tables import committed_version, open_table
from lakeward.engines.delta.table_files import table_names

# Attempts to fence one table: each fails only if another commit came first.
_TRIES = 20


def check_lease(lease: Lease | None, name: TableName, table: DeltaTable | None, *, look: bool = False) -> None:
    """Check that the lease is still held, after `table` was opened and before a commit to it.

    Args:
        look: Look at the store in any case: a commit conflicted.

    Raises:
        StoreConflictError: It is not, or the holder before, which did not release it, created the table after it was taken over.
    """
    if lease is None:
        return
    if look:
        lease.check_now()
    else:
        lease.check()
    if lease.took_over and 0 < committed_version(table, lease.txn.app) < lease.number:
        raise StoreConflictError("table_taken", table=name, app=lease.txn.app, version=lease.number)


def tables_of(lake: LakePath, dataset: str) -> list[LakePath]:
    """Folders of the tables that runs of the dataset write."""
    names = [name for name in table_names(lake) if name.name == dataset or name.layer is Layer.GOVERNANCE]
    return [lake / name.layer / name.name for name in names]


def fence_tables(folders: Iterable[LakePath], lease: Lease) -> None:
    """Record the lease in every table that exists: what its holder before has prepared can't be committed after this.

    Raises:
        StoreConflictError: Others committed to a table first every time.
    """
    properties = CommitProperties(app_transactions=[Transaction(lease.txn.app, lease.number)])
    for folder in folders:
        for attempt in range(_TRIES):
            table = open_table(folder)
            if table is None:
                break
            if isinstance(folder, RemotePath):
                if write_commit(folder, table.version() + 1, "WRITE", [txn_action(lease.txn)]):
                    break
                time.sleep(0.01 * (attempt + 1))
                continue
            by = table.metadata().partition_columns
            try:
                table.create_write_transaction([], "append", table.schema(), by, commit_properties=properties)
            except CommitFailedError:
                time.sleep(0.01 * (attempt + 1))
            else:
                break
        else:
            raise StoreConflictError("table_taken", table=folder.name, app=lease.txn.app, version=lease.number)


def move_table(folder: Path, trash: Path, name: TableName, lease: Lease | None) -> None:
    """Move a table of a folder away, unless a later holder of the lease has written to it.

    Raises:
        StoreConflictError: The lease is lost; the table stays.
        InvariantError: As `put_back`.
    """
    check_lease(lease, name, None)
    folder.rename(trash)
    if lease and committed_version(open_table(trash), lease.txn.app) > lease.number:
        put_back(trash, folder, name)
        lease.check()


def put_back(trash: Path, folder: Path, name: TableName) -> None:
    """Move a table back.

    Raises:
        InvariantError: It was created again meanwhile: the files that were moved are kept beside it.
    """
    try:
        trash.rename(folder)
    except OSError as error:
        kept = folder.with_name(f".{folder.name}-{uuid.uuid4()}")
        trash.rename(kept)
        raise InvariantError("dropped_table_replaced", table=name, folder=kept) from error
