"""Tables that a session has opened. A handle is used again while no newer version is on disk.

To open a table is to read its log from the last checkpoint, 15 ms of CPU for 40 commits, and so is each look for a transaction. To
see that nothing is newer takes two looks at the file system, or one listing of an object store. Each session has handles of its own: between the check of a
transaction and its commit no other thread may move the handle.
"""

import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lakeward.core.errors import MachineError
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.handle_stock import HandleStock
from lakeward.engines.delta.log_mirror import mirror_folder, sync_log
from lakeward.engines.delta.table_files import LOG, storage_options

# Tables of one session: the governance tables, and those of the datasets that it wrote last.
MAX_HANDLES = 64

# What deltalake says of a log whose files are no JSON or no Parquet.
_DAMAGED = ("Json error", "Parquet error")

# Application id of a drop: its version is that of the commit that removed all files.
DROPPED = "lakeward/dropped"

# Folder, in an object store, of a note per dropped table: what follows a lake looks there, and not into each log.
DROPPED_TABLES = ".dropped"

# Identity of a commit's file: device, inode, time of change in nanoseconds, bytes.
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
    """As `open_table`, but a dropped table too. Of an object store it is a handle to a copy of its log, where there can be one."""
    place = folder if isinstance(folder, Path) else sync_log(folder) or folder
    if isinstance(place, Path) and not (place / LOG).is_dir():
        return None
    try:
        return DeltaTable(str(place), storage_options=storage_options(place))
    except TableNotFoundError:
        return None
    except DeltaError as error:
        if any(part in str(error) for part in _DAMAGED):
            table = f"{folder.parent.name}.{folder.name}"
            raise MachineError("table_log_damaged", table=table, folder=folder) from error
        raise


def has_commits(folder: Path) -> bool:
    """Whether a folder is a table: a commit, or a checkpoint of some, lies in its log. That takes a hundredth of opening it."""
    try:
        with os.scandir(folder / LOG) as found:
            return any(each.name.endswith((".json", ".checkpoint.parquet")) for each in found)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_dropped(folder: LakePath, table: DeltaTable) -> bool:
    """Whether the last commit to the table dropped it: in an object store it stays, since a folder can't be removed at once."""
    if isinstance(folder, Path) or table.file_uris():
        return False
    return table.transaction_version(DROPPED) == table.version()


def drop_note(folder: RemotePath) -> RemotePath:
    """The note that the table of this folder is dropped."""
    return RemotePath(folder.store, folder.options, f"{DROPPED_TABLES}/{folder.parent.name}.{folder.name}")


def committed_version(table: DeltaTable | None, app: str) -> int:
    """The last committed version of `app` in the table; 0 for none."""
    return (table.transaction_version(app) or 0) if table else 0


def commit_actions(folder: LakePath, version: int) -> list[dict[str, dict[str, Any]]]:
    """The actions of one commit, from the log, or the copy that this machine has of it: commits never change."""
    name = f"{version:020}.json"
    copy = None if isinstance(folder, Path) else mirror_folder(folder) / LOG / name
    text = (copy if copy and copy.is_file() else folder / LOG / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]  # a text in it may hold other ends of lines


# What ended sessions left.
_STOCK: HandleStock[_Handle] = HandleStock(MAX_HANDLES)


class OpenTables:
    """The open tables of one session; not for use by several threads."""

    def __init__(self) -> None:
        self._handles: OrderedDict[LakePath, _Handle] = OrderedDict()
        # While the session holds a dataset: tables of an object store that were looked at since; None otherwise.
        self._seen: set[LakePath] | None = None

    def close(self) -> None:
        """Leave the handles of tables in folders to later sessions."""
        for folder, handle in self._handles.items():
            if isinstance(folder, Path):
                _STOCK.leave(folder, handle, handle.version)
        self._handles.clear()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Ask an object store once per table whether it is newer, until the end of the block or a commit that conflicts.

        No other process writes the tables of a dataset that is held, and a commit to any other table is refused where it is newer.
        """
        self._seen = set()
        try:
            yield
        finally:
            self._seen = None

    def forget(self, folder: LakePath) -> None:
        """Look at the table again when it is opened next: a commit to it conflicted."""
        if self._seen is not None:
            self._seen.discard(folder)

    def open_anew(self, folder: LakePath) -> DeltaTable | None:
        """As `open`, after a commit that this session's handle does not know."""
        self.forget(folder)
        return self.open(folder)

    def open(self, folder: LakePath) -> DeltaTable | None:
        """The table's newest version; None if it does not exist, or is dropped. Of an object store it is a handle to a copy of its log."""
        place = self._place(folder)
        handle = self._handles.pop(folder, None) or (_STOCK.take(folder) if isinstance(folder, Path) else None)
        if place is None:
            return open_table(folder)
        if handle is None or _stamp(place, handle.version) != handle.stamp:  # dropped and created again, or cleaned up
            found = open_any_table(place)
            table = None if found is None or is_dropped(folder, found) else found
            return table and self._store(folder, place, table, {})
        if _stamp(place, handle.table.version() + 1):
            handle.table.update_incremental()
            if is_dropped(folder, handle.table):
                return None
        return self._store(folder, place, handle.table, _later_txns(place, handle))

    def table_at(self, folder: LakePath, version: int) -> DeltaTable | None:
        """The table at this version, which never changes, without a look at the store; None if the last handle is of another."""
        handle = self._handles.get(folder)
        return handle.table if handle and handle.table.version() == handle.version == version else None

    def committed_version(self, folder: LakePath, table: DeltaTable | None, app: str) -> int:
        """The last committed version of `app` in `table`, which `open` returned last for the folder; 0 for none, or no table."""
        handle = self._handles.get(folder)
        if handle is None or handle.table is not table or table.version() != handle.version:
            return committed_version(table, app)
        if app not in handle.txns:
            handle.txns[app] = committed_version(table, app)
        return handle.txns[app]

    def _place(self, folder: LakePath) -> Path | None:
        """Where the log lies on this machine; None of a table in an object store that does not exist, or can't be copied."""
        if isinstance(folder, Path):
            return folder
        if self._seen is not None and folder in self._seen:
            return mirror_folder(folder)
        place = sync_log(folder)
        if self._seen is not None and place:
            self._seen.add(folder)
        return place

    def _store(self, folder: LakePath, place: Path, table: DeltaTable, txns: dict[str, int]) -> DeltaTable:
        """Store the handle, unless its commit is in a checkpoint alone: then nothing shows that the table is still the same."""
        version = table.version()
        if stamp := _stamp(place, version):
            self._handles[folder] = _Handle(table, version, stamp, txns)
            if len(self._handles) > MAX_HANDLES:
                self._handles.popitem(last=False)
        return table


def _later_txns(place: Path, handle: _Handle) -> dict[str, int]:
    """The known transactions, with those of commits since the handle was stored; none if such a commit was cleaned up."""
    txns = dict(handle.txns)
    try:
        for version in range(handle.version + 1, handle.table.version() + 1):
            found = (action["txn"] for action in commit_actions(place, version) if "txn" in action)
            txns |= {txn["appId"]: txn["version"] for txn in found}
    except FileNotFoundError:
        return {}
    return txns


def _stamp(place: Path, version: int) -> _Stamp | None:
    """None if there is no such commit."""
    try:
        stat = os.stat(f"{place}/{LOG}/{version:020}.json")  # noqa: PTH116 -- as text: several times for each table and statement
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size
