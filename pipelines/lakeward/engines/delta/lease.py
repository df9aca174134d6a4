"""Leases: the right to write the tables of a dataset, as numbered objects of the lake, of which each is created by one holder only.

A lease is renewed while its holder works. A holder that is dead or cut off loses it when the lease has not changed for its term, as
the waiting process measures it: clocks of machines are never compared. One that wakes up late is refused: by the look at the
newest number before each commit, and after that look by the transaction of the lease, which each commit carries and Delta admits
only if no other commit with it came between.
"""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from lakeward.core.errors import MachineError, StoreConflictError
from lakeward.core.storage import ObjectStore
from lakeward.engines.tables import Txn

# Folder of the leases in a lake; below it one folder per dataset.
LEASES = ".leases"
# Seconds after which a lease that did not change is another's to take: far above a pause of a machine under load.
TERM = 60.0
# Difference of the clocks of two machines that reports allow for.
SKEW = timedelta(minutes=5)
# Renewals per term: two of them may fail.
_RENEWALS = 4
# Looks per term at a lease that another process holds.
_LOOKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """What a lease says of its holder.

    Args:
        holder: Random, of one taking of the lease.
        program: Machine and process, for people.
        lock: Identity of the lock file that the holder has locked; one that locks the same file knows that the holder ended.
        until: When the lease ends unless it is renewed, by the clock of its holder; no one takes a lease over because of it.
        changes: Renewals so far, by which others see that the holder is alive.
        is_released: Whether the holder has ended its work.
    """

    holder: str
    program: str
    lock: str
    until: str
    changes: int = 0
    is_released: bool = False

    def to_bytes(self) -> bytes:
        """The record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    def is_held(self) -> bool:
        """Whether the holder may be at work, for reports: where its clock is off by more than `SKEW`, it is wrong."""
        try:
            until = datetime.fromisoformat(self.until)
        except ValueError:
            return False
        return not self.is_released and datetime.now(UTC) < until + SKEW


class Lease:
    """A lease that this process holds.

    Args:
        number: Fencing number: greater than that of each earlier holder.
        took_over: Whether the holder before did not release it, and may still live.
        term: Seconds.
    """

    def __init__(
        self, store: ObjectStore, dataset: str, number: int, record: LeaseRecord, *, took_over: bool = False, term: float = TERM
    ) -> None:
        self.dataset, self.number, self.took_over = dataset, number, took_over
        self._store, self._record, self._term = store, record, term
        self._renewed_at = self._seen_at = _now()
        self._ended = threading.Event()
        self._renewing = threading.Lock()

    @property
    def txn(self) -> Txn:
        """The transaction that each commit under this lease carries."""
        return Txn(f"lease/{self.dataset}", self.number)

    def check(self) -> None:
        """Check that no one has taken the lease over. Call it after a table was opened, and before the commit to it.

        Raises:
            StoreConflictError: Another process has (`lease_lost`).
        """
        if not self._is_certain():
            self.check_now()

    def check_now(self) -> None:
        """As `check`, and look even if the lease can't be lost yet: a commit conflicted."""
        looked_at = _now()
        newest = _newest_number(self._store, self.dataset)
        if newest != self.number:
            raise StoreConflictError("lease_lost", dataset=self.dataset, number=self.number, found=newest or "-")
        self._seen_at = looked_at
        if _now() - self._renewed_at > self._term / 2:
            self._write()

    def _is_certain(self) -> bool:
        """Whether no one can have taken the lease over: it was seen a while ago, and changed less than its term ago."""
        return _now() - self._seen_at < self._term / _RENEWALS and _now() - self._renewed_at < self._term / 2

    def release(self) -> None:
        """End the lease, so that no one need wait for its term."""
        self._ended.set()
        with self._renewing:
            self._record = replace(self._record, is_released=True)
            self._store.replace(_name(self.dataset, self.number), self._record.to_bytes())

    def keep_renewed(self) -> None:
        """Renew the lease in the background until it is released or lost."""
        threading.Thread(target=self._renew, name=f"lease-{self.dataset}", daemon=True).start()

    def _renew(self) -> None:
        while not self._ended.wait(self._term / _RENEWALS):
            # A store out of reach for a while: the next renewal, or the check before a commit, says whether the lease is lost.
            with suppress(OSError, MachineError):
                if _newest_number(self._store, self.dataset) != self.number:
                    return
                self._write()

    def _write(self) -> None:
        with self._renewing:
            if self._ended.is_set():
                return
            started = _now()
            self._record = replace(self._record, changes=self._record.changes + 1, until=_until(self._term))
            self._store.replace(_name(self.dataset, self.number), self._record.to_bytes())
            self._renewed_at = started


@contextmanager
def held_lease(store: ObjectStore, dataset: str, program: str, lock: str, term: float = TERM) -> Iterator[Lease]:
    """Wait for the lease of the dataset, and hold it until the end of the block.

    Args:
        program: Machine and process of the caller, for people.
        lock: Identity of a lock file that the caller has locked.
        term: Seconds.
    """
    lease = take_lease(store, dataset, program, lock, term)
    lease.keep_renewed()
    try:
        yield lease
    finally:
        # What the run did is committed or not, whatever becomes of its lease: if it stays, the next run waits for the term.
        with suppress(OSError, MachineError):
            lease.release()


def take_lease(store: ObjectStore, dataset: str, program: str, lock: str, term: float = TERM) -> Lease:
    """Wait for the lease of the dataset and take it. Arguments as of `held_lease`."""
    seen, since = None, _now()
    while True:
        newest = _newest_number(store, dataset)
        held = _read(store, dataset, newest) if newest else None
        if held != seen:
            seen, since = held, _now()
        is_free = newest is None or (held is not None and (held.is_released or held.lock == lock))
        is_overdue = not is_free and _now() - since >= term
        if is_free or is_overdue:
            record = LeaseRecord(holder=uuid.uuid4().hex, program=program, lock=lock, until=_until(term))
            # The time keeps numbers growing where the leases of a lake were deleted.
            number = max((newest or 0) + 1, int(time.time()))
            lease = Lease(store, dataset, number, record, took_over=is_overdue, term=term)
            if _create(store, dataset, number, record):
                _delete_older(store, dataset, number)
                return lease
        else:
            time.sleep(term / _LOOKS)


def read_lease(store: ObjectStore, dataset: str) -> LeaseRecord | None:
    """The newest lease of the dataset; None if no one has taken one yet."""
    number = _newest_number(store, dataset)
    return _read(store, dataset, number) if number else None


def _read(store: ObjectStore, dataset: str, number: int) -> LeaseRecord | None:
    """The lease of this number; None if it was deleted meanwhile."""
    data = store.read(_name(dataset, number))
    if data is None:
        return None
    try:
        return LeaseRecord(**json.loads(data))
    except (ValueError, TypeError):  # empty after a power cut, or of a later version
        return LeaseRecord(holder=data.hex(), program="-", lock="", until="")


def _create(store: ObjectStore, dataset: str, number: int, record: LeaseRecord) -> bool:
    """Whether the lease of this number is ours now. A greater number means that we looked too long ago."""
    if not store.create(_name(dataset, number), record.to_bytes()) and read_lease(store, dataset) != record:
        return False
    return _newest_number(store, dataset) == number


def _delete_older(store: ObjectStore, dataset: str, number: int) -> None:
    for name in store.list_names(f"{LEASES}/{dataset}"):
        if _number(name) < number:
            store.delete(f"{LEASES}/{dataset}/{name}")


def _newest_number(store: ObjectStore, dataset: str) -> int | None:
    return max(map(_number, store.list_names(f"{LEASES}/{dataset}")), default=None)


def _name(dataset: str, number: int) -> str:
    return f"{LEASES}/{dataset}/{number:020}.json"


def _number(name: str) -> int:
    return int(name.removesuffix(".json"))


def _now() -> float:
    """Seconds that go on while the machine sleeps, and that no one can set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _until(term: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=term)).isoformat(timespec="seconds")
