"""What collectors of a lake in an object store have besides: one machine at a time collects a dataset, and what it lands is stored soon."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from lakeward.contracts.model import Contract
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.storage.lake import store_of
from lakeward.engines.delta.dataset_lock import TURNS, dataset_lock, is_locked
from lakeward.engines.delta.lease import read_lease
from lakeward.flows.base.workspace import Workspace
from lakeward.sources.collectors.state import STATE_FILE
from lakeward.sources.opening import Landing
from lakeward.sources.segments.copies import SegmentCopies

# Seconds between two looks for new segments, and between two copies of the state.
_EVERY, _STATE_EVERY = 1.0, 10.0
# Beginning of the names of the leases of collectors; no dataset has such a name.
_LEASE = ".collect."

log = logging.getLogger(__name__)


@contextmanager
def collecting_alone(workspace: Workspace, contracts: Iterable[Contract], failed: dict[str, LakewardError]) -> Iterator[set[str]]:
    """Hold the right to collect datasets until the end of the block; of a lake in a folder a lock file of the collector is enough.

    Args:
        failed: Takes the errors of datasets that another machine collects, or for which the object store can't be reached.

    Returns:
        The names of the others.
    """
    allowed: set[str] = set()
    with ExitStack() as held:
        for contract in contracts:
            try:
                if workspace.lake.options:
                    held.enter_context(_lease(workspace, contract.name))
            except LakewardError as error:
                failed[contract.name] = error
            else:
                allowed.add(contract.name)
        yield allowed


@contextmanager
def _lease(workspace: Workspace, dataset: str) -> Iterator[None]:
    lake, name = workspace.lake, f"{_LEASE}{workspace.lake.names.stored_name(dataset)}"
    if is_locked(lake, name):
        lease = read_lease(store_of(lake.root()), name)
        raise MachineError("collector_elsewhere", dataset=dataset, holder=lease.program if lease else "-")
    with dataset_lock(store_of(lake.root()), lake.files / TURNS, name):
        yield


@contextmanager
def storing_segments(workspace: Workspace, contracts: Mapping[str, Contract], failed: dict[str, LakewardError]) -> Iterator[None]:
    """Store what collectors land, from another thread, until the end of the block; then what is left.

    A store that is away keeps no collector from landing: the segments wait on the disk of this machine.

    Args:
        failed: Takes the errors of datasets of which segments are left here.
    """
    found = {name: Landing.of_lake(workspace.lake).segments(contract) for name, contract in contracts.items()}
    copies = {name: one for name, one in found.items() if one}
    if not copies:
        yield
        return
    ended = Event()
    thread = Thread(target=_follow, args=(copies, ended), name="store segments", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for name, one in copies.items():
            try:
                _store(one, with_state=True)
            except LakewardError as error:
                failed.setdefault(name, error)


def _follow(copies: Mapping[str, SegmentCopies], ended: Event) -> None:
    codes, state_at = dict.fromkeys(copies, ""), dict.fromkeys(copies, -_STATE_EVERY)
    while not ended.wait(_EVERY):
        for name, one in copies.items():
            code, now = "", time.monotonic()
            try:
                if _store(one, with_state=now - state_at[name] >= _STATE_EVERY):
                    state_at[name] = now
            except LakewardError as error:
                code = error.code
            if code and code != codes[name]:
                log.warning("segments wait on this machine", extra={"dataset": name, "code": code})
            codes[name] = code


def _store(copies: SegmentCopies, *, with_state: bool) -> bool:
    """Store what is not stored yet; whether the state of the collector was stored too."""
    copies.settle()
    file = copies.landing / copies.dataset / STATE_FILE
    if not with_state or not file.is_file():
        return False
    copies.store.replace(copies.name(STATE_FILE), file.read_bytes())
    return True
