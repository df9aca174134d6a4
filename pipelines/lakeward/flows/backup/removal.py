"""Deletes objects of a place of backups with all their versions, as far as no lock keeps them; and keeps others away meanwhile."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from lakeward.engines.delta.dataset_lock import TURNS, dataset_lock
from lakeward.engines.delta.lease import Lease
from lakeward.flows.backup.manifest import SHA256
from lakeward.flows.backup.repository import MANIFESTS, OBJECTS, BackupRepository, place_faults

# Objects deleted at once.
_WORKERS = 16


@contextmanager
def alone_at(repository: BackupRepository) -> Iterator[Lease]:
    """Wait until no other backup or pruning is at work at this place, and keep others waiting until the end of the block.

    Raises:
        MachineError: The place can't be read or written.
    """
    with ExitStack() as held:
        with place_faults(repository.place):
            lease = held.enter_context(dataset_lock(repository.store, repository.place.files / TURNS, MANIFESTS))
        yield lease


def remove_objects(repository: BackupRepository, names: Iterable[str]) -> list[str]:
    """Delete the objects; returns those that a lock keeps.

    Raises:
        MachineError: The place can't be written.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = pool.map(lambda name: (name, _remove(repository, name)), names)
        return [name for name, is_gone in found if not is_gone]


def stored_contents(repository: BackupRepository) -> dict[str, int]:
    """Hash -> bytes of each stored content; 0 of one that only an older version of its object still holds."""
    with place_faults(repository.place):
        versions = repository.locks.versions(f"{OBJECTS}/") if repository.locks else ()
        hidden = ((name, 0) for name, _ in versions)
        stored = ((name, size) for name, size, _ in repository.store.walk(OBJECTS))
        found = ((name.rpartition("/")[2], size) for name, size in (*hidden, *stored))
        return {name: size for name, size in found if SHA256.fullmatch(name)}


def _remove(repository: BackupRepository, name: str) -> bool:
    locks = repository.locks
    with place_faults(repository.place):
        if locks is None:
            repository.store.delete(name)
            return True
        versions = [version for found, version in locks.versions(name) if found == name]
        return all(locks.delete(name, version) for version in versions)
