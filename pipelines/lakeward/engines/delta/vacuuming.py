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
from lakeward.engines.delta.commits import actions, open_table
from lakeward.engines.delta.schemas import columns_of, missing_columns
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.protocols import TableSpec, Vacuumed

# Below it a write that is under way could lose files that it wrote first; they lie there until the last one is written.
SHORTEST = timedelta(hours=1)
# Fewer commits than these are read as fast as a checkpoint of them.
_CHECKPOINT_AFTER = 10
_KEPT = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")
# Folders that Spark's writer makes, one per write, so that all in them is ours.
_OURS = "part-"


@dataclass(frozen=True, slots=True)
class _OnDisk:
    path: str
    size: int
    changed: float


def vacuum(folder: Path, name: TableName, retention: timedelta) -> Vacuumed:
    """See `TableStore.vacuum`."""
    if retention < SHORTEST:
        raise UsageError("retention_too_short", table=name, found=retention, expected=SHORTEST)
    oldest = time.time() - retention.total_seconds()
    # Before the log is read: what is committed after this look can't be among these files.
    old = [file for file in _on_disk(folder) if file.changed < oldest]
    table = open_table(folder)
    if table is None:
        raise UsageError("table_not_found", table=name)
    missing_columns(table, TableSpec(name, columns_of(table), tuple(table.metadata().partition_columns)))
    live = {file.path for file in stored_files(table)}
    needed = live | _removed_since(folder, oldest)
    gone = [file for file in old if file.path not in needed]
    for file in gone:
        (folder / file.path).unlink(missing_ok=True)
    _tidy(folder, gone)
    _ask_others(table, retention)
    _checkpoint(folder, table)
    return Vacuumed(len(live), len(gone), sum(file.size for file in gone))


def _on_disk(folder: Path) -> Iterator[_OnDisk]:
    """Data files below the folder, committed or not, and what else Spark's writer left in folders of its own."""
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        if not inside.parts:
            # As Delta has it: hidden, and not ours, unless it is a partition's.
            folders[:] = [one for one in folders if not one.startswith((".", "_")) or "=" in one]
        ours = inside.parts[:1] and inside.parts[0].startswith(_OURS)
        for name in names:
            if ours or (name.endswith(".parquet") and not name.startswith((".", "_"))):
                with suppress(FileNotFoundError):
                    found = (folder / inside / name).lstat()
                    yield _OnDisk(str(inside / name), found.st_size, found.st_mtime)


def _removed_since(folder: Path, oldest: float) -> set[str]:
    """Files that commits since then removed: versions before these commits still need them."""
    commits = [file for file in (folder / "_delta_log").glob("*.json") if file.stem.isdecimal()]
    young = [int(file.stem) for file in commits if file.stat().st_mtime >= oldest]
    return {unquote(action["remove"]["path"]) for one in young for action in actions(folder, one) if "remove" in action}


def _tidy(folder: Path, gone: list[_OnDisk]) -> None:
    """Remove the folders of single writes that are empty now; into a partition's folder others may be about to write."""
    for top in {Path(file.path).parts[0] for file in gone if file.path.startswith(_OURS) and "/" in file.path}:
        for place, _, _ in os.walk(folder / top, topdown=False):
            with suppress(OSError):
                Path(place).rmdir()


def _ask_others(table: DeltaTable, retention: timedelta) -> None:
    """Say in the table how long versions are to be read: Delta's own defaults are 30 days for commits, 7 for files."""
    wanted = dict.fromkeys(_KEPT, f"interval {int(retention.total_seconds())} seconds")
    if not wanted.items() <= table.metadata().configuration.items():
        # Others committed first: the next vacuum says it.
        with suppress(CommitFailedError):
            table.alter.set_table_properties(wanted)


def _checkpoint(folder: Path, table: DeltaTable) -> None:
    """Write one where the log has grown since the last, so that it opens fast."""
    try:
        last = int(json.loads((folder / "_delta_log" / "_last_checkpoint").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        last = -1
    if table.version() - last >= _CHECKPOINT_AFTER:
        table.create_checkpoint()
