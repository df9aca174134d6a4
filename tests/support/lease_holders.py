"""Processes that hold a lease: of this machine, of another one (other lock files), and of the release before, which knows lock files only."""

import fcntl
import multiprocessing
import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.folder import FolderStore
from lakeward.engines.delta.dataset_lock import dataset_lock
from lakeward.engines.delta.lease import Lease, take_lease
from lakeward.engines.embedded.engine import EmbeddedEngine
from support.small_tables import SPEC, rows, txn

SPAWN = multiprocessing.get_context("spawn")
DATASET = "press_line"


@contextmanager
def other_process(target, *arguments):
    """A process and our end of a pipe to it, which it gets as its last argument; killed at the end."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(*arguments, theirs))
    process.start()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()


def hold(lake, turns, term, pipe):
    """Take the lock, say so, and keep it until a word comes."""
    with dataset_lock(FolderStore(Path(lake)), Path(turns), DATASET, term) as lease:
        pipe.send(lease.number)
        pipe.recv()
    pipe.send("released")


def hold_and_append(lake, turns, term, pipe):
    """Take the lock, say so, and append ten rows as batch 2 when a word comes; say how that ended."""
    engine = EmbeddedEngine(lake)
    with dataset_lock(FolderStore(Path(lake)), Path(turns), DATASET, term) as lease, engine.under(lease):
        pipe.send(lease.number)
        pipe.recv()
        try:
            engine.append(SPEC, rows(0, 10), txn(2))
        except StoreConflictError as error:
            pipe.send(error.code)
        else:
            pipe.send("landed")


def hold_as_before(lake, pipe):
    """Hold the dataset as the release before does: by a lock file alone."""
    home = Path(lake) / ".turns"
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / DATASET, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    pipe.send("held")
    pipe.recv()
    os.close(lock)
    pipe.send("released")


def take(lake, machine, term=0.2):
    """The lease, taken from a machine of this name; it is not renewed."""
    return take_lease(FolderStore(Path(lake)), DATASET, machine, machine, term)


class PausedLease(Lease):
    """A lease whose holder is paused once, right after the next look at it: `meanwhile` happens then."""

    meanwhile = None

    @classmethod
    def of(cls, lease, meanwhile):
        """This lease, paused at the next look."""
        paused = cls(lease._store, lease.dataset, lease.number, lease._record, term=lease._term)
        paused.meanwhile = meanwhile
        return paused

    def check(self):
        super().check()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()


def wait_for(condition, seconds=20):
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def hold_in_turns(store, rounds, machines=4):
    """Let machines, each a thread, take the dataset's lease by turns.

    Returns:
        How many held it at each time, and the number of each lease.
    """
    inside, most, numbers = set(), [], []

    def work(machine):
        for _ in range(rounds):
            lease = take_lease(store, DATASET, machine, machine, 30.0)
            inside.add(machine)
            most.append(len(inside))
            numbers.append(lease.number)
            inside.remove(machine)
            lease.release()

    threads = [threading.Thread(target=work, args=(f"machine {number}",)) for number in range(machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most, numbers
