"""Removes files that no version younger than the retention needs: those of older versions, and those that killed writes left.

Refuses delta-rs's own vacuum: without `full` it leaves what killed writes left; with it, it takes for such a file that went longer ago than
a checkpoint remembers (a week), though versions within the retention need it (tried). Here the commits themselves say what went when.
A file is judged by its age on disk, so what a write under way has put there stays.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import UsageError
from lakeward.core.names import TableName
from lakeward.engines.delta.commits import commit_actions, open_table
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.tables import TableSpec, VacuumResult

# Below it a write that is under way could lose files that it wrote first; they lie there until the last one is written.
MIN_RETENTION = timedelta(hours=1)
# Fewer commits than these are read as fast as a checkpoint of them.
_CHECKPOINT_AFTER = 10
_RETENTION_PROPERTIES = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")
# Folders that Spark's writer makes, one per write, so that all in them is ours.
_OWN_FOLDER_PREFIX = "part-"


@dataclass(frozen=True, slots=True)
class _DiskFile:
    path: str
    size: int
    modified_at: float


def vacuum(folder: Path, name: TableName, retention: timedelta) -> VacuumResult:
    """See `TableStore.vacuum`."""
    if retention < MIN_RETENTION:
        raise UsageError("retention_too_short", table=name, found=retention, expected=MIN_RETENTION)
    oldest = time.time() - retention.total_seconds()
    # Before the log is read: what is committed after this look can't be among these files.
    old = [file for file in _list_data_files(folder) if file.modified_at < oldest]
    table = open_table(folder)
    if table is None:
        raise UsageError("table_not_found", table=name)
    missing_columns(table, TableSpec(name, columns_of(table), tuple(table.metadata().partition_columns)))
    live = {file.path for file in stored_files(table)}
    needed = live | _removed_since(folder, oldest)
    gone = [file for file in old if file.path not in needed]
    for file in gone:
        (folder / file.path).unlink(missing_ok=True)
    _remove_empty_folders(folder, gone)
    _set_retention_properties(table, retention)
    _checkpoint(folder, table)
    return VacuumResult(len(live), len(gone), sum(file.size for file in gone))


def _list_data_files(folder: Path) -> Iterator[_DiskFile]:
    """Data files below the folder, committed or not, and what else Spark's writer left in folders of its own."""
    for folder_path, folders, names in os.walk(folder):
        inside = Path(folder_path).relative_to(folder)
        if not inside.parts:
            # As Delta has it: hidden, and not ours, unless it is a partition's.
            folders[:] = [folder_name for folder_name in folders if not folder_name.startswith((".", "_")) or "=" in folder_name]
        in_own_folder = inside.parts[:1] and inside.parts[0].startswith(_OWN_FOLDER_PREFIX)
        for name in names:
            if in_own_folder or (name.endswith(".parquet") and not name.startswith((".", "_"))):
                with suppress(FileNotFoundError):
                    found = (folder / inside / name).lstat()
                    yield _DiskFile(str(inside / name), found.st_size, found.st_mtime)


def _removed_since(folder: Path, oldest: float) -> set[str]:
    """Files that commits since then removed: versions before these commits still need them."""
    commits = [file for file in (folder / "_delta_log").glob("*.json") if file.stem.isdecimal()]
    young = [int(file.stem) for file in commits if file.stat().st_mtime >= oldest]
    return {
        unquote(action["remove"]["path"])
        for commit_version in young
        for action in commit_actions(folder, commit_version)
        if "remove" in action
    }


def _remove_empty_folders(folder: Path, removed_files: list[_DiskFile]) -> None:
    """Remove the folders of single writes that are empty now; into a partition's folder others may be about to write."""
    for top in {
        Path(file.path).parts[0] for file in removed_files if file.path.startswith(_OWN_FOLDER_PREFIX) and "/" in file.path
    }:
        for folder_path, _, _ in os.walk(folder / top, topdown=False):
            with suppress(OSError):
                Path(folder_path).rmdir()


def _set_retention_properties(table: DeltaTable, retention: timedelta) -> None:
    """Say in the table how long versions are to be read: Delta's own defaults are 30 days for commits, 7 for files."""
    properties = dict.fromkeys(_RETENTION_PROPERTIES, f"interval {int(retention.total_seconds())} seconds")
    if not properties.items() <= table.metadata().configuration.items():
        # Others committed first: the next vacuum says it.
        with suppress(CommitFailedError):
            table.alter.set_table_properties(properties)


def _checkpoint(folder: Path, table: DeltaTable) -> None:
    """Write one where the log has grown since the last, so that it opens fast."""
    try:
        last = int(json.loads((folder / "_delta_log" / "_last_checkpoint").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        last = -1
    if table.version() - last >= _CHECKPOINT_AFTER:
        table.create_checkpoint()
