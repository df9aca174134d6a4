"""Handles that sessions of this process leave behind at their end, for later ones: to open a table reads its log from the last checkpoint.

A handle is used by one session at a time: who takes it takes it out. It is taken only while the last files of the log that it was read
from are the same; later commits are read by who takes it.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from lakeward.engines.delta.table_files import LOG

# Commits that are looked at: those since the last checkpoint, as a rule. A log may have a hundred thousand files.
COMMITS = 100
# Name of each of these files -> device, inode, times of change of content and of entry in nanoseconds, bytes.
LogState = Mapping[str, tuple[int, ...]]
T = TypeVar("T")


class HandleStock(Generic[T]):
    """What is left of ended sessions, by folder of the table; for several threads, since each step is one of a dictionary.

    Args:
        most: Handles that are kept; of more, those that were left first go.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[Path, tuple[T, int, LogState, int]] = OrderedDict()

    def leave(self, folder: Path, handle: T, version: int) -> None:
        """Keep the handle of this version of the table for a later session."""
        self._left.pop(folder, None)
        self._left[folder] = (handle, version, log_state(folder, version), os.getpid())
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def take(self, folder: Path) -> T | None:
        """The handle of the table in this folder; None if there is none of this log, or of this process."""
        handle, version, known, process = self._left.pop(folder, (None, 0, {}, 0))
        if handle is None or process != os.getpid():
            return None
        return handle if known and log_state(folder, version) == known else None


def log_state(folder: Path, version: int) -> LogState:
    """The last files of the log up to this version as they are now; none without such files."""
    names = (f"{number:020}.json" for number in range(max(0, version - COMMITS), version + 1))
    found = {}
    for name in names:
        with suppress(FileNotFoundError):  # before a checkpoint, and cleaned up
            found[name] = _identity(os.stat(f"{folder}/{LOG}/{name}"))  # noqa: PTH116 -- a hundred of each table
    return found


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
