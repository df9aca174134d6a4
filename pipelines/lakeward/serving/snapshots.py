"""Snapshots of Delta tables that a database of views keeps: to read a table's log takes most of the time of a small query.

The newest commit of a table is looked for before each query, so that what is committed is seen by the next one.
"""

import os
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import duckdb

from lakeward.core.sql import literal

# Digits of a version in the name of a commit of Delta.
_DIGITS = 20
# Files up to which all of a table are opened: to let Delta choose them by a filter takes longer. Groups of rows in them are chosen in any case.
_FEW_FILES = 16
# The version of a table, and its commit as the file system names it: a table that was recreated has others.
Stamp = tuple[int, int, int, int]
# Makes the view of a table over what its rows are read from.
MakeView = Callable[[str, str], str]


def scan(folder: str) -> str:
    """SQL of the rows of a Delta table's newest version."""
    return f"delta_scan({literal(folder)})"


def newest_version(log: Path, known: int | None = None) -> int:
    """The newest version of a Delta table in a folder.

    Args:
        known: A version that it had; then only newer commits are looked for.
    """
    version = _listed_version(log) if known is None or not _commit(log, known).exists() else known
    while _commit(log, version + 1).exists():
        version += 1
    return version


class TableSnapshots:
    """The snapshots of one database: a version that is read again is kept.

    Args:
        con: A connection that runs no queries.
        folders: Table -> its folder; tables in an object store are always read by their log.
        make_view: Returns the SELECT of a table's view.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, folders: Mapping[str, str], make_view: MakeView) -> None:
        self._con, self._make_view = con, make_view
        self._folders = {name: folder for name, folder in folders.items() if "://" not in folder}
        self._lock = threading.Lock()
        self._read: dict[str, Stamp | None] = {}
        self._kept: dict[str, tuple[Stamp, str]] = {}
        self._number = 0

    def refresh(self, names: Collection[str], *, is_repeated: bool = False) -> None:
        """Let the views of these tables show their newest versions.

        Args:
            is_repeated: It is for a query that was counted already.

        Raises:
            duckdb.Error: A table can't be read any more.
        """
        for name in names:
            folder = self._folders.get(name)
            if folder is None:
                continue
            stamp = _stamp(Path(folder) / "_delta_log", self._read.get(name))
            with self._lock:
                kept = self._kept.get(name)
                if kept and kept[0] != stamp:
                    self._let_go(name, folder)
                elif kept is None and stamp and not is_repeated and self._read.get(name) == stamp:
                    self._keep(name, folder, stamp)
                self._read[name] = stamp

    def _keep(self, name: str, folder: str, stamp: Stamp) -> None:
        """Keep a version; where that fails, the view goes on reading the log."""
        self._number += 1
        snapshot = f"snapshot_{self._number}"
        options = ", PUSHDOWN_FILTERS 'none'" if _has_few_files(folder) else ""
        with suppress(duckdb.Error):
            self._con.execute(f"ATTACH {literal(folder)} AS {snapshot} (TYPE delta, PIN_SNAPSHOT, HIDDEN, READ_ONLY{options})")
            self._replace(name, snapshot)
            self._kept[name] = stamp, snapshot
            return
        self._detach(snapshot)

    def _let_go(self, name: str, folder: str) -> None:
        self._replace(name, scan(folder))
        self._detach(self._kept.pop(name)[1])

    def _replace(self, name: str, source: str) -> None:
        self._con.execute(f"CREATE OR REPLACE VIEW {name} AS {self._make_view(name, source)}")

    def _detach(self, snapshot: str) -> None:
        """Queries that run go on reading it."""
        with suppress(duckdb.Error):
            self._con.execute(f"DETACH {snapshot}")


def _stamp(log: Path, before: Stamp | None) -> Stamp | None:
    """The stamp of the newest version; None where its commit is not there."""
    try:
        version = newest_version(log, before and before[0])
        found = os.stat(_commit(log, version))  # noqa: PTH116 -- quicker
    except OSError:
        return None
    return version, found.st_ino, found.st_mtime_ns, found.st_size


def _has_few_files(folder: str) -> bool:
    """Whether few files of rows lie in the folder, of older versions too, and none in a folder of its own."""
    with os.scandir(folder) as entries:
        found = [entry for entry in islice(entries, _FEW_FILES + 2) if entry.name != "_delta_log"]
    return len(found) <= _FEW_FILES and not any(entry.is_dir() for entry in found)


def _commit(log: Path, version: int) -> Path:
    return log / f"{version:0{_DIGITS}}.json"


def _listed_version(log: Path) -> int:
    """The newest version that has a commit or a checkpoint in the log."""
    with os.scandir(log) as entries:
        numbers = [entry.name[:_DIGITS] for entry in entries]
    return max((int(number) for number in numbers if number.isdecimal() and len(number) == _DIGITS), default=0)
