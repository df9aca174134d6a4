"""What a Delta table's log says since a version: where the table stands, and which files hold its new rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

LOG = "_delta_log"
_COMMIT = ".json"
# Actions that change no row.
_WITHOUT_ROWS = frozenset({"commitInfo", "txn", "cdc"})


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a table stands.

    Args:
        version: Its newest version.
        stamp: Inode, size and time of this version's commit: a table that was replaced by another has another stamp.
    """

    version: int
    stamp: str


def newest_position(folder: Path, known: LogPosition | None = None) -> LogPosition | None:
    """The newest version of the table; None without a table.

    Args:
        known: An earlier position: the log is followed from there, so that nothing is listed.
    """
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


def appended_files(folder: Path, since: LogPosition, upto: int) -> list[Path] | None:
    """Files whose rows were added after `since`, up to version `upto`.

    Returns:
        None where the table must be read in full: rows were removed, the schema changed, it has partitions, or a commit is missing.
    """
    if position_of(folder, since.version) != since:
        return None
    files: list[Path] = []
    for version in range(since.version + 1, upto + 1):
        actions = _read_actions(folder, version)
        if actions is None:
            return None
        for kind, action in actions:
            if not _only_adds(kind, action):
                return None
            if kind == "add" and action["dataChange"]:
                files.append(folder / unquote(action["path"]))
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
