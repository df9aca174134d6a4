"""What a verification found: faults by log and kind, and figures of each log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lakeward.flows.base.answers import Notice, fields_of

# Entries that one fault names; all are counted.
NAMED = 20


class FaultKind(StrEnum):
    """Kinds of faults of a log."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"
    SIGNATURE = "signature"
    CHECKPOINT = "checkpoint"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFault:
    """Faults of one kind in one log.

    Args:
        log: Name of the log.
        kind: Kind of the faults.
        entries: Entries, as `session/number`, or seals, as `seal/number`; at most 20.
        count: Number of all such entries.
    """

    log: str
    kind: FaultKind
    entries: tuple[str, ...]
    count: int

    def as_dict(self) -> dict[str, object]:
        """`log, kind, entries, count`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """Figures of one log.

    Args:
        log: Name of the log.
        entries: Number of entries.
        before_chain: Number of entries that an older version wrote, without a hash; None for a log that is not chained.
        sealed: Number of entries under the newest seal.
        signed: Number of entries under the newest seal with a valid signature.
        seals: Number of seals.
        sealed_at: Time of the newest seal; None without one.
        key_id: Id of the key of the newest valid signature; None without one.
    """

    log: str
    entries: int
    before_chain: int | None
    sealed: int
    signed: int
    seals: int
    sealed_at: datetime | None
    key_id: str | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerification:
    """The result of a verification.

    Args:
        logs: Figures of every log that has entries or seals.
        faults: What was changed, removed, inserted, reordered or truncated; empty if nothing was found.
        notes: What the result does not prove.
    """

    logs: tuple[LogState, ...]
    faults: tuple[LogFault, ...]
    notes: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access verify --json`."""
        return fields_of(self)


def make_fault(log: str, kind: FaultKind, entries: Iterable[str]) -> list[LogFault]:
    """One fault that names the first entries and counts all; none without entries."""
    found: Sequence[str] = list(dict.fromkeys(entries))
    return [LogFault(log=log, kind=kind, entries=tuple(found[:NAMED]), count=len(found))] if found else []
