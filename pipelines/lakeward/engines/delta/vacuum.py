"""Removes files that no version within the retention needs: those of older versions and those of killed writes.

delta-rs's own vacuum is not used: without `full` it keeps files of killed writes; with it, it also deletes files that were
removed before
the range of a checkpoint (a week), though versions within the retention need them (tried). Here the commits show what was
removed when.
Only files older than the retention are removed, so files of a running write stay.
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
from lakeward.engines.delta.open_tables import commit_actions, open_table
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.tables import TableSpec, VacuumResult

# With less, a running write could lose files that it wrote first, since it commits them after the last one.
MIN_RETENTION = timedelta(hours=1)
# Fewer commits than this are read as fast as a checkpoint.
_CHECKPOINT_AFTER = 10
_RETENTION_PROPERTIES = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")
# Folders of Spark's writer, one per write; all their files are Lakeward's.
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
    # Listed before the log is read, so that files committed later are not among them.
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
    """Data files below the folder, committed or not, and other files in the folders of Spark's writer."""
    for folder_path, folders, names in os.walk(folder):
        inside = Path(folder_path).relative_to(folder)
        if not inside.parts:
            # Hidden folders are not ours, unless they are partitions (as in Delta).
            folders[:] = [folder_name for folder_name in folders if not folder_name.startswith((".", "_")) or "=" in folder_name]
        in_own_folder = inside.parts[:1] and inside.parts[0].startswith(_OWN_FOLDER_PREFIX)
        for name in names:
            if in_own_folder or (name.endswith(".parquet") and not name.startswith((".", "_"))):
                with suppress(FileNotFoundError):
                    found = (folder / inside / name).lstat()
                    yield _DiskFile(str(inside / name), found.st_size, found.st_mtime)


def _removed_since(folder: Path, oldest: float) -> set[str]:
    """Files removed by commits since then: versions before these commits still need them."""
    commits = [file for file in (folder / "_delta_log").glob("*.json") if file.stem.isdecimal()]
    young = [int(file.stem) for file in commits if file.stat().st_mtime >= oldest]
    return {
        unquote(action["remove"]["path"])
        for commit_version in young
        for action in commit_actions(folder, commit_version)
        if "remove" in action
    }


def _remove_empty_folders(folder: Path, removed_files: list[_DiskFile]) -> None:
    """Remove empty folders of single writes; folders of partitions stay, since others could be writing into them."""
    for top in {
        Path(file.path).parts[0] for file in removed_files if file.path.startswith(_OWN_FOLDER_PREFIX) and "/" in file.path
    }:
        for folder_path, _, _ in os.walk(folder / top, topdown=False):
            with suppress(OSError):
                Path(folder_path).rmdir()


def _set_retention_properties(table: DeltaTable, retention: timedelta) -> None:
    """Set the table's retention properties for other writers. Delta's defaults are 30 days for commits, 7 for files."""
    properties = dict.fromkeys(_RETENTION_PROPERTIES, f"interval {int(retention.total_seconds())} seconds")
    if not properties.items() <= table.metadata().configuration.items():
        # A write conflict: the next vacuum sets them.
        with suppress(CommitFailedError):
            table.alter.set_table_properties(properties)


def _checkpoint(folder: Path, table: DeltaTable) -> None:
    """Write a checkpoint if the log has grown since the last one, so that the table opens quickly."""
    try:
        last = int(json.loads((folder / "_delta_log" / "_last_checkpoint").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        last = -1
    if table.version() - last >= _CHECKPOINT_AFTER:
        table.create_checkpoint()
