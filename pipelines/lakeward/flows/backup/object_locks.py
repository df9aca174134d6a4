"""Keeps the objects of a backup from being deleted or replaced for a time, as far as their place can."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from lakeward.core.errors import UsageError
from lakeward.flows.backup.repository import BackupRepository, object_name

# Requests at once.
_WORKERS = 16
# Permissions of a folder's files: a mistake is stopped, their owner is not.
_READ_ONLY = 0o400


def check_lockable(repository: BackupRepository) -> None:
    """Check that an object store keeps locks; of a folder nothing is checked.

    Raises:
        UsageError: The bucket was made without object lock.
        MachineError: The store can't be reached, or refuses.
    """
    if repository.place.options and repository.locks is None:
        raise UsageError("backup_lock_missing", place=repository.place)


def lock_objects(repository: BackupRepository, hashes: Iterable[str], until: datetime) -> bool:
    """Lock the contents of a backup, also those that an earlier one locked for a shorter time.

    Returns:
        Whether a store keeps them; files of a folder are made read-only, which their owner can undo.
    """
    return _lock(repository, {object_name(sha256) for sha256 in hashes}, until)


def lock_manifest(repository: BackupRepository, name: str, until: datetime) -> None:
    """Lock the manifest of a backup, as `lock_objects`."""
    _lock(repository, [name], until)


def _lock(repository: BackupRepository, names: Iterable[str], until: datetime) -> bool:
    locks = repository.locks
    if locks is None:
        for name in names:
            (repository.place.files / name).chmod(_READ_ONLY)
        return False
    with ThreadPoolExecutor(_WORKERS) as pool:
        for _ in pool.map(lambda name: locks.lock(name, until), names):
            pass
    return True
