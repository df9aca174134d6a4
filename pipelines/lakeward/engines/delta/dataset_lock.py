"""A lock per dataset: without it, a rebuild that drops tables during a write would duplicate rows.

The operating system releases the lock when its holder ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def dataset_lock(lake: Path, dataset: str) -> Iterator[None]:
    """Wait for the dataset's lock and hold it until the end of the block."""
    home = lake / ".turns"
    home.mkdir(exist_ok=True)
    lock = os.open(home / dataset, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def is_locked(lake: Path, dataset: str) -> bool:
    """Whether a run holds the dataset's lock now."""
    try:
        lock = os.open(lake / ".turns" / dataset, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
