"""Whose turn it is with a dataset: a rebuild that drops tables under a writer would leave its rows there twice.

Refuses to guess whether the one before still lives: it holds a lock that the system drops with it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def dataset_lock(lake: Path, dataset: str) -> Iterator[None]:
    """Wait for the turn with the dataset, and keep it until the end."""
    home = lake / ".turns"
    home.mkdir(exist_ok=True)
    lock = os.open(home / dataset, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
