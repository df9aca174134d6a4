"""What a Delta table's log says since a version: where the table stands, and which files hold its new rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lakeward.core.names import sha256
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.log_mirror import mirror_folder, newest_commit

LOG = "_delta_log"
_COMMIT = ".json"
# Actions that change no row.
_WITHOUT_ROWS = frozenset({"commitInfo", "txn", "cdc"})


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a table stands.

    Args:
        version: Its newest version.
        stamp: Inode, size and time of this version's commit, or its hash in an object store: a table that was replaced by another
            has another stamp.
    """

    version: int
    stamp: str


def newest_position(folder: LakePath, known: LogPosition | None = None) -> LogPosition | None:
    """The newest version of the table; None without a table. In an object store it costs one listing of what is newer than the copy.

    Args:
        known: An earlier position: the log of a folder is followed from there, so that nothing is listed.

    Raises:
        MachineError: The object store can't be reached, or refuses.
    """
    if isinstance(folder, RemotePath):
        stored = newest_commit(folder)
        return stored and (_position_in_copy(folder, stored[0]) or LogPosition(*stored))
    if known is None or position_of(folder, known.version) != known:
        versions = [int(file.stem) for file in (folder / LOG).glob(f"*{_COMMIT}") if file.stem.isdigit()]
        return position_of(folder, max(versions)) if versions else None
    found = known
    while later := position_of(folder, found.version + 1):
        found = later
    return found


def position_of(folder: Path, version: int) -> LogPosition | None:
    """The position of this version; None if its commit does not exist, or was cleaned."""
    try:
        found = _commit_file(folder, version).stat()
    except OSError:
        return None
    return LogPosition(version, f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}")


def _position_in_copy(folder: RemotePath, version: int) -> LogPosition | None:
    """As `position_of`, by the copy of the log."""
    try:
        return LogPosition(version, sha256(_commit_file(mirror_folder(folder), version).read_bytes()))
    except OSError:
        return None


def appended_files(folder: LakePath, since: LogPosition, upto: int) -> dict[str, int] | None:
    """Files whose rows were added after `since`, up to version `upto`: path below the folder -> bytes.

    Returns:
        None where the table must be read in full: rows were removed, the schema changed, it has partitions, or a commit is missing.
    """
    if isinstance(folder, RemotePath):
        place, known = mirror_folder(folder), _position_in_copy(folder, since.version)
    else:
        place, known = folder, position_of(folder, since.version)
    if known != since:
        return None
    files: dict[str, int] = {}
    for version in range(since.version + 1, upto + 1):
        actions = _read_actions(place, version)
        if actions is None:
            return None
        for kind, action in actions:
            if not _only_adds(kind, action):
                return None
            if kind == "add" and action["dataChange"]:
                files[unquote(action["path"])] = action["size"]
    return files


def _only_adds(kind: str, action: dict[str, Any]) -> bool:
    """Whether the action adds rows or changes none."""
    if kind in _WITHOUT_ROWS:
        return True
    if kind == "add":
        return not action.get("partitionValues") and not action.get("deletionVector")
    return kind == "remove" and not action["dataChange"]


def _read_actions(folder: Path, version: int) -> list[tuple[str, dict[str, Any]]] | None:
    """The actions of one commit; None if it can't be read."""
    try:
        lines = _commit_file(folder, version).read_bytes().splitlines()
        return list(_parse_actions(lines))
    except (OSError, ValueError):
        return None


def _parse_actions(lines: list[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in lines:
        if line.strip():
            yield from json.loads(line).items()


def _commit_file(folder: Path, version: int) -> Path:
    return folder / LOG / f"{version:020}{_COMMIT}"
