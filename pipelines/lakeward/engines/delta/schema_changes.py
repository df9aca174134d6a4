"""Adds the columns that a table lacks, and takes a table back to what it was before, as long as nothing was written since."""

from collections.abc import Sequence
from urllib.parse import quote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.log_commit import Action, metadata_action, now_ms, write_commit
from lakeward.engines.delta.open_tables import open_table
from lakeward.engines.delta.schemas import missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import storage_options
from lakeward.engines.delta.table_life import add_columns
from lakeward.engines.tables import TableSpec, Txn


def lacking_columns(folder: LakePath, spec: TableSpec) -> tuple[str, ...]:
    """Columns of `spec` that the stored table lacks; none without a table.

    Raises:
        ContractError: The stored table does not match `spec`.
    """
    table = open_table(folder)
    return tuple(field.name for field in missing_columns(table, spec)) if table else ()


def add_lacking_columns(folder: LakePath, spec: TableSpec) -> None:
    """Add the columns of `spec` that the stored table lacks, in one commit.

    Raises:
        StoreConflictError: Another commit came first.
    """
    table = open_table(folder)
    if table and (new := missing_columns(table, spec)):
        try:
            add_columns(folder, table, new)
        except CommitFailedError:
            raise StoreConflictError("table_taken", table=spec.name, app="-", version="-") from None


def take_back(folder: LakePath, version: int | None, txns: Sequence[Txn] = ()) -> bool:
    """Make the table what it was at a version, whose files it has all: its schema, without the files that came since.

    Args:
        version: None to leave no row of a table that was created since.
        txns: Transactions to set, also to lower numbers.

    Returns:
        False if another commit came first.
    """
    now = _at(folder, None)
    before = now if version is None else _at(folder, version)
    kept = {file.path for file in stored_files(before)} if version is not None else set()
    removed = [file.path for file in stored_files(now) if file.path not in kept]
    actions: list[Action] = [metadata_action(before)]
    actions += [{"remove": {"path": quote(path), "dataChange": True, "deletionTimestamp": now_ms()}} for path in removed]
    actions += [{"txn": {"appId": txn.app, "version": txn.version}} for txn in txns]
    return write_commit(folder, now.version() + 1, "RESTORE", actions)


def _at(folder: LakePath, version: int | None) -> DeltaTable:
    return DeltaTable(str(folder), version=version, storage_options=storage_options(folder))
