"""Tables that a session has opened. A handle is used again while no newer version is on disk.

To open a table is to read its log from the last checkpoint, 15 ms of CPU for 40 commits, and so is each look for a transaction. To
see that nothing is newer takes two looks at the file system. Each session has handles of its own: between the check of a
transaction and its commit no other thread may move the handle.
"""

import functools
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lakeward.core.errors import MachineError
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.table_files import LOG, storage_options

# Commits in which a transaction of an object store's table is looked for by itself.
_RECENT = 10
# Tables of one session: the governance tables, and those of the datasets that it wrote last.
MAX_HANDLES = 64

# What deltalake says of a log whose files are no JSON or no Parquet.
_DAMAGED = ("Json error", "Parquet error")

# Application id of a drop: its version is that of the commit that removed all files.
DROPPED = "lakeward/dropped"

# Identity of a commit's file: device, inode, time of change in nanoseconds, bytes; in an object store commits are never written again.
_Stamp = tuple[int, ...]


@dataclass(slots=True)
class _Handle:
    """An open table, its version when it was stored, and the transactions known of that version, by application."""

    table: DeltaTable
    version: int
    stamp: _Stamp
    txns: dict[str, int] = field(default_factory=dict)


def open_table(folder: LakePath) -> DeltaTable | None:
    """The table's newest version; None if it does not exist, or is dropped."""
    table = open_any_table(folder)
    return None if table is not None and is_dropped(folder, table) else table


def open_any_table(folder: LakePath) -> DeltaTable | None:
    """As `open_table`, but a dropped table too."""
    if isinstance(folder, Path) and not (folder / LOG).is_dir():
        return None
    try:
        return DeltaTable(str(folder), storage_options=storage_options(folder))
    except TableNotFoundError:
        return None
    except DeltaError as error:
        if any(part in str(error) for part in _DAMAGED):
            table = f"{folder.parent.name}.{folder.name}"
            raise MachineError("table_log_damaged", table=table, folder=folder) from error
        raise


def is_dropped(folder: LakePath, table: DeltaTable) -> bool:
    """Whether the last commit to the table dropped it: in an object store it stays, since a folder can't be removed at once."""
    if isinstance(folder, Path) or table.file_uris():
        return False
    return table.transaction_version(DROPPED) == table.version()


def committed_version(table: DeltaTable | None, app: str) -> int:
    """The last committed version of `app` in the table; 0 for none."""
    return (table.transaction_version(app) or 0) if table else 0


def commit_actions(folder: LakePath, version: int) -> list[dict[str, dict[str, Any]]]:
    """The actions of one commit, from the log."""
    text = (folder / LOG / f"{version:020}.json").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


class OpenTables:
    """The open tables of one session; not for use by several threads."""

    def __init__(self) -> None:
        self._handles: OrderedDict[LakePath, _Handle] = OrderedDict()

    def open(self, folder: LakePath) -> DeltaTable | None:
        """The table's newest version; None if it does not exist, or is dropped."""
        handle = self._handles.pop(folder, None)
        if handle is None or _is_other(folder, handle):  # dropped and created again, or cleaned up
            table = open_table(folder)
            return table and self._store(folder, table, {})
        if _stamp(folder, handle.table.version() + 1):
            handle.table.update_incremental()
            if is_dropped(folder, handle.table):
                return None
        return self._store(folder, handle.table, _later_txns(folder, handle))

    def committed_version(self, folder: LakePath, table: DeltaTable | None, app: str) -> int:
        """The last committed version of `app` in `table`, which `open` returned last for the folder; 0 for none, or no table."""
        handle = self._handles.get(folder)
        if handle is None or handle.table is not table or table.version() != handle.version:
            return committed_version(table, app)
        if app not in handle.txns:
            found = _recent_txn(folder, handle.version, app) if isinstance(folder, RemotePath) else None
            handle.txns[app] = committed_version(table, app) if found is None else found
        return handle.txns[app]

    def _store(self, folder: LakePath, table: DeltaTable, txns: dict[str, int]) -> DeltaTable:
        """Store the handle, unless its commit is in a checkpoint alone: then nothing shows that the table is still the same."""
        version = table.version()
        if stamp := (version,) if isinstance(folder, RemotePath) else _stamp(folder, version):
            self._handles[folder] = _Handle(table, version, stamp, txns)
            if len(self._handles) > MAX_HANDLES:
                self._handles.popitem(last=False)
        return table


def _recent_txn(folder: RemotePath, newest: int, app: str) -> int | None:
    """The version of `app` from the newest commits, one request each; None if they have none: then deltalake reads the whole log."""
    for version in range(newest, max(newest - _RECENT, -1), -1):
        try:
            txns = _remote_txns(folder, version)
        except FileNotFoundError:  # cleaned up
            return None
        if app in txns:
            return txns[app]
    return 0 if newest < _RECENT else None


@functools.lru_cache(maxsize=4096)
def _remote_txns(folder: RemotePath, version: int) -> dict[str, int]:
    """The transactions of a commit in an object store, which is never written again."""
    found = (action["txn"] for action in commit_actions(folder, version) if "txn" in action)
    return {txn["appId"]: txn["version"] for txn in found}


def _is_other(folder: LakePath, handle: _Handle) -> bool:
    """Whether another table lies in the folder now. In an object store a table is never created again under a number of before."""
    return isinstance(folder, Path) and _stamp(folder, handle.version) != handle.stamp


def _later_txns(folder: LakePath, handle: _Handle) -> dict[str, int]:
    """The known transactions, with those of commits since the handle was stored; none if such a commit was cleaned up."""
    txns = dict(handle.txns)
    try:
        for version in range(handle.version + 1, handle.table.version() + 1):
            if isinstance(folder, RemotePath):
                txns |= _remote_txns(folder, version)
                continue
            found = (action["txn"] for action in commit_actions(folder, version) if "txn" in action)
            txns |= {txn["appId"]: txn["version"] for txn in found}
    except FileNotFoundError:
        return {}
    return txns


def _stamp(folder: LakePath, version: int) -> _Stamp | None:
    """None if there is no such commit."""
    file = folder / LOG / f"{version:020}.json"
    if isinstance(file, RemotePath):
        return (version,) if file.exists() else None
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size
