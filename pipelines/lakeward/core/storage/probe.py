"""Tries whether an object store refuses the second of two writers: commits of Delta rest on that, and a store that ignores it loses some."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from lakeward.core.errors import MachineError
from lakeward.core.storage.bucket import BucketStore
from lakeward.core.storage.lake import Lake

# Below the lake; objects of the probe are deleted at its end.
_FOLDER = ".probe"
# File among those of this machine: the store was tried.
STORE_CHECKED = ".store_checked"
# The same, of replacing what was read.
REPLACE_CHECKED = ".replace_checked"
# Writers of one object at once.
_WRITERS = 8
# Bytes: those of a usual commit, and of a large one.
_SMALL, _LARGE = 2_000, 8 << 20


def check_store(lake: Lake) -> None:
    """Check that the lake's store lets one writer of an object succeed; once per lake and machine. Of a folder nothing is checked.

    Raises:
        MachineError: It lets a second one succeed (`lake_store_unsafe`), can't be reached, or refuses.
    """
    store, mark = lake.bucket(), lake.files / STORE_CHECKED
    if store is None or mark.exists():
        return
    _check_second_refused(store, lake)
    if _winners(store, _SMALL) != 1:
        raise MachineError("lake_store_unsafe", lake=lake)
    lake.files.mkdir(parents=True, exist_ok=True)
    mark.touch()


def check_conditional_replace(lake: Lake) -> None:
    """Check that the lake's store replaces no object that changed since it was read; once per lake and machine.

    Raises:
        MachineError: It does (`quota_store_unsafe`), can't be reached, or refuses.
    """
    store, mark = lake.bucket(), lake.files / REPLACE_CHECKED
    if store is None or mark.exists():
        return
    name = f"{_FOLDER}/{uuid.uuid4()}"
    try:
        store.create(name, b"first")
        found = store.read_tagged(name)
        is_safe = (
            found is not None
            and store.replace_as_read(name, b"second", found[1])
            and not store.replace_as_read(name, b"third", found[1])
            and store.read(name) == b"second"
        )
    finally:
        store.delete(name)
    if not is_safe:
        raise MachineError("quota_store_unsafe", lake=lake)
    lake.files.mkdir(parents=True, exist_ok=True)
    mark.touch()


def races_large(lake: Lake) -> bool:
    """Whether several of eight writers at once of an object of 8 MiB succeed; commits are smaller. Raises as `check_store`."""
    store = lake.bucket()
    return store is not None and _winners(store, _LARGE) != 1


def _check_second_refused(store: BucketStore, lake: Lake) -> None:
    name = f"{_FOLDER}/{uuid.uuid4()}"
    try:
        first, second = store.create(name, b"first"), store.create(name, b"second")
        if not first or second or store.read(name) != b"first":
            raise MachineError("lake_store_unsafe", lake=lake)
    finally:
        store.delete(name)


def _winners(store: BucketStore, size: int) -> int:
    """Writers that succeeded. One that the store stopped with an error is none: the object may still be its own."""
    name = f"{_FOLDER}/{uuid.uuid4()}"

    def write(writer: int) -> bool:
        try:
            return store.create(name, bytes([writer]) * size)
        except MachineError:
            return False

    try:
        with ThreadPoolExecutor(_WRITERS) as pool:
            return sum(pool.map(write, range(_WRITERS)))
    finally:
        store.delete(name)
