"""A lock per dataset: without it, a rebuild that drops tables during a write would duplicate rows.

It is a lease. On one machine a lock file comes before it: the operating system lets the next process go on when its holder ends, and
programs of earlier versions, which know nothing else, wait for it and are waited for.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakeward.core.storage import ObjectStore
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.lease import TERM, Lease, held_lease, read_lease

# Folder of the lock files in a lake, one per dataset.
TURNS = ".turns"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def dataset_lock(store: ObjectStore, turns: Path, dataset: str, term: float = TERM) -> Iterator[Lease]:
    """Wait for the dataset's lock and hold it until the end of the block.

    Args:
        store: The lake.
        turns: Folder of lock files of this machine.
        term: Seconds after which others may take over from a holder that does not answer.
    """
    turns.mkdir(parents=True, exist_ok=True)
    lock = os.open(turns / dataset, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with held_lease(store, dataset, f"{socket.gethostname()}/{os.getpid()}", _identity(lock), term) as lease:
            yield lease
    finally:
        os.close(lock)


def is_locked(lake: Lake, dataset: str) -> bool:
    """Whether a run holds the dataset's lock now; of a lake in an object store also one of another machine.

    Args:
        dataset: The name that it is stored by.

    Raises:
        MachineError: The object store can't be reached, or refuses.
    """
    try:
        lock = os.open(lake.files / TURNS / dataset, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return lake.options is not None and _is_held(lake, dataset, "")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _is_held(lake, dataset, _identity(lock))
    except BlockingIOError:
        return True
    finally:
        os.close(lock)


def _is_held(lake: Lake, dataset: str, free_lock: str) -> bool:
    """Whether someone holds the lease who has not locked this file, which is free."""
    held = read_lease(store_of(lake.root()), dataset)
    return held is not None and held.is_held() and held.lock != free_lock


def _identity(lock: int) -> str:
    """The file as this boot of this machine knows it."""
    found = os.fstat(lock)
    return f"{_BOOT_ID.read_text(encoding='ascii').strip()}:{found.st_dev}:{found.st_ino}"
