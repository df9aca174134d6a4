"""Handles that sessions of this process leave behind at their end, for later ones: to open a table reads its log from the last checkpoint.

A handle is used by one session at a time: who takes it takes it out. It is taken only while every file of the log that was there when it
was left is the same; later commits are read by who takes it.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from lakeward.engines.delta.table_files import LOG

# Name of each file of a log -> device, inode, times of change of content and of entry in nanoseconds, bytes.
LogState = Mapping[str, tuple[int, ...]]
T = TypeVar("T")


class HandleStock(Generic[T]):
    """What is left of ended sessions, by folder of the table; for several threads, since each step is one of a dictionary.

    Args:
        most: Handles that are kept; of more, those that were left first go.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[Path, tuple[T, LogState, int]] = OrderedDict()

    def leave(self, folder: Path, handle: T) -> None:
        """Keep the handle for a later session."""
        self._left.pop(folder, None)
        self._left[folder] = (handle, log_state(folder), os.getpid())
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def take(self, folder: Path) -> T | None:
        """The handle of the table in this folder; None if there is none of this log, or of this process."""
        handle, known, process = self._left.pop(folder, (None, {}, 0))
        if handle is None or process != os.getpid():
            return None
        now = log_state(folder)
        return handle if known and all(now.get(name) == state for name, state in known.items()) else None


def log_state(folder: Path) -> LogState:
    """The files of the log as they are now; none without a log."""
    try:
        with os.scandir(folder / LOG) as found:
            return {each.name: _identity(each.stat()) for each in found}
    except FileNotFoundError:
        return {}


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
