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
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import UsageError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.log_commit import metadata_action, write_commit
from lakeward.engines.delta.log_mirror import checkpoint_log, newest_commit
from lakeward.engines.delta.open_tables import commit_actions, open_table
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import LOG, OWN_FOLDER_PREFIX, TableFile, data_files, log_times
from lakeward.engines.tables import TableSpec, VacuumResult

# With less, a running write could lose files that it wrote first, since it commits them after the last one.
MIN_RETENTION = timedelta(hours=1)
# Fewer commits than this are read as fast as a checkpoint.
_CHECKPOINT_AFTER = 10
_RETENTION_PROPERTIES = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")


def vacuum(folder: LakePath, name: TableName, retention: timedelta) -> VacuumResult:
    """See `TableStore.vacuum`."""
    if retention < MIN_RETENTION:
        raise UsageError("retention_too_short", table=name, found=retention, expected=MIN_RETENTION)
    oldest = time.time() - retention.total_seconds()
    # Listed before the log is read, so that files committed later are not among them.
    old = [file for file in data_files(folder) if file.modified_at < oldest]
    table = open_table(folder)
    if table is None:
        raise UsageError("table_not_found", table=name)
    missing_columns(table, TableSpec(name, columns_of(table), tuple(table.metadata().partition_columns)))
    live = {file.path for file in stored_files(table)}
    needed = live | _removed_since(folder, oldest)
    gone = [file for file in old if file.path not in needed]
    for file in gone:
        (folder / file.path).unlink(missing_ok=True)
    if isinstance(folder, Path):
        _remove_empty_folders(folder, gone)
    _set_retention_properties(folder, table, retention)
    _checkpoint(folder, table)
    return VacuumResult(len(live), len(gone), sum(file.size for file in gone))


def _removed_since(folder: LakePath, oldest: float) -> set[str]:
    """Files removed by commits since then: versions before these commits still need them."""
    commits = {name.removesuffix(".json"): at for name, at in log_times(folder).items() if name.endswith(".json")}
    young = [int(stem) for stem, at in commits.items() if stem.isdecimal() and at >= oldest]
    return {
        unquote(action["remove"]["path"])
        for commit_version in young
        for action in commit_actions(folder, commit_version)
        if "remove" in action
    }


def _remove_empty_folders(folder: Path, removed_files: list[TableFile]) -> None:
    """Remove empty folders of single writes; folders of partitions stay, since others could be writing into them."""
    for top in {
        Path(file.path).parts[0] for file in removed_files if file.path.startswith(OWN_FOLDER_PREFIX) and "/" in file.path
    }:
        for folder_path, _, _ in os.walk(folder / top, topdown=False):
            with suppress(OSError):
                Path(folder_path).rmdir()


def _set_retention_properties(folder: LakePath, table: DeltaTable, retention: timedelta) -> None:
    """Set the table's retention properties for other writers. Delta's defaults are 30 days for commits, 7 for files."""
    properties = dict.fromkeys(_RETENTION_PROPERTIES, f"interval {int(retention.total_seconds())} seconds")
    configuration = table.metadata().configuration
    if not properties.items() <= configuration.items():
        # A write conflict: the next vacuum sets them.
        if isinstance(folder, RemotePath):
            changed = metadata_action(table, others={"configuration": configuration | properties})
            write_commit(folder, table.version() + 1, "SET TBLPROPERTIES", [changed])
            return
        with suppress(CommitFailedError):
            table.alter.set_table_properties(properties)


def _checkpoint(folder: LakePath, table: DeltaTable) -> None:
    """Write a checkpoint if the log has grown since the last one, so that the table opens quickly."""
    try:
        last = int(json.loads((folder / LOG / "_last_checkpoint").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        last = -1
    if table.version() - last >= _CHECKPOINT_AFTER:
        if isinstance(folder, RemotePath):
            newest = newest_commit(folder)
            checkpoint_log(folder, newest[0] if newest else -1)
        else:
            table.create_checkpoint()
