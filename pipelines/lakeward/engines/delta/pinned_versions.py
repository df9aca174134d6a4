"""Versions of all tables at one instant, and the files that they and the versions before them need.

A lake at such an instant is what a machine that lost its power then would have left: the next run finishes what was begun.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakeward.core.errors import DataError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.open_tables import commit_actions
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import LOG, TableFile, all_files, log_names, storage_options, table_names

_DIGITS = 20
_LAST_CHECKPOINT = "_last_checkpoint"
# Requests at once to read commits.
_READERS = 8

Versions = Mapping[TableName, int]


def newest_versions(lake: LakePath) -> dict[TableName, int]:
    """The newest version of every table."""
    found = {name: _newest(log_names(lake / name.layer / name.name)) for name in table_names(lake)}
    return {name: version for name, version in found.items() if version is not None}


def pin_versions(
    lake: LakePath, waits: Iterable[float], read: Callable[[LakePath], Versions] = newest_versions
) -> Versions | None:
    """The versions of all tables at one instant: they are read twice, and nothing changed between.

    Args:
        waits: Seconds before each further try.

    Returns:
        None if others committed at every try.
    """
    before = read(lake)
    for wait in (0.0, *waits):
        time.sleep(wait)
        after = read(lake)
        if after == before:
            return after
        before = after
    return None


def version_files(folder: LakePath, name: TableName, version: int) -> list[TableFile]:
    """The log of a table up to a version, and the data files that its versions up to this one need and that are there.

    Raises:
        DataError: The log can't be read, or a file of this version is missing.
    """
    there = {file.path: file for file in all_files(folder)}
    logs = [file for path, file in there.items() if path.startswith(f"{LOG}/") and _is_of(path.partition("/")[2], version)]
    live = _live_paths(folder, name, version)
    if gone := sorted(live - there.keys()):
        raise DataError("backup_table_damaged", table=name, file=gone[0], files=len(gone))
    commits = [int(file.path[len(LOG) + 1 :][:_DIGITS]) for file in logs if file.path.endswith(".json")]
    needed = live | _named_paths(folder, name, commits)
    log = _with_last_checkpoint(folder, there, logs, version)
    return sorted([*log, *(there[path] for path in needed if path in there)], key=lambda file: file.path)


def _live_paths(folder: LakePath, name: TableName, version: int) -> set[str]:
    try:
        table = DeltaTable(str(folder), version=version, storage_options=storage_options(folder))
        return {file.path for file in stored_files(table)}
    except DeltaError as error:
        raise DataError("backup_log_damaged", table=name, file=f"{LOG}/{version:020}.json") from error


def _named_paths(folder: LakePath, name: TableName, commits: Iterable[int]) -> set[str]:
    """Files that commits added or removed."""

    def named(version: int) -> Iterator[str]:
        try:
            actions = commit_actions(folder, version)
        except FileNotFoundError:  # cleaned up meanwhile
            return
        except ValueError as error:
            raise DataError("backup_log_damaged", table=name, file=f"{LOG}/{version:020}.json") from error
        for action in actions:
            yield from (unquote(found["path"]) for kind in ("add", "remove") if (found := action.get(kind)))

    with ThreadPoolExecutor(_READERS) as pool:
        return {path for found in pool.map(lambda version: list(named(version)), commits) for path in found}


def _with_last_checkpoint(
    folder: LakePath, there: Mapping[str, TableFile], logs: list[TableFile], version: int
) -> list[TableFile]:
    """The log with the note of its last checkpoint, if that is one of these versions."""
    note = there.get(f"{LOG}/{_LAST_CHECKPOINT}")
    if note is None:
        return logs
    try:
        last = int(json.loads((folder / LOG / _LAST_CHECKPOINT).read_text(encoding="utf-8"))["version"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return logs
    return [*logs, note] if last <= version else logs


def _is_of(name: str, version: int) -> bool:
    """Whether a file of the log is of a version up to this one."""
    return name[:_DIGITS].isdecimal() and int(name[:_DIGITS]) <= version


def _newest(names: list[str]) -> int | None:
    return max((int(name[:_DIGITS]) for name in names if name[:_DIGITS].isdecimal()), default=None)
