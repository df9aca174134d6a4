"""The record of requests to read for a purpose: one row per event in `governance.purpose_requests`, folded by request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of

TABLE = "purpose_requests"
# Delta application id of the entries; its version is the number of the newest one.
APP = "purposes"


class PurposeEvent(StrEnum):
    """Kind of an entry."""

    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    REVOKE = "revoke"


class RequestState(StrEnum):
    """State of a request."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRequest:
    """A request to read for a purpose.

    Args:
        request: Its number.
        account: Account that reads.
        purpose: Purpose of the serving policy.
        state: What became of it.
        reason: Why the account asks.
        days: Days from the approval for which it asks.
        asked_at: Time of the request.
        until: End of the approval; None if it was never approved.
        decided_by: Account that approved, rejected or revoked it last; None while it is waiting.
        decision: Reason of this decision; None while it is waiting.
    """

    request: int
    account: str
    purpose: str
    state: RequestState
    reason: str
    days: int
    asked_at: datetime
    until: datetime | None = None
    decided_by: str | None = None
    decision: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward purpose list --json`."""
        return fields_of(self)


def read_requests(engine: TableReader, now: datetime) -> list[PurposeRequest]:
    """All requests with their state at `now`, the oldest first."""
    entries: dict[int, list[Mapping[str, Any]]] = {}
    for row in governance.read_rows(engine, TABLE, order="seq"):
        entries.setdefault(row["request"], []).append(row)
    return [_request(rows, now) for rows in entries.values()]


def approved_request(engine: Engine, account: str, purpose: str, now: datetime) -> PurposeRequest | None:
    """The approved request of this account and purpose that ends last; None if none holds at `now`."""
    found = [row for row in read_requests(engine, now) if (row.account, row.purpose) == (account, purpose)]
    approved = [row for row in found if row.state is RequestState.APPROVED and row.until]
    return max(approved, key=lambda row: row.until or now, default=None)


def newest_entry(engine: Engine) -> int:
    """Number of the newest entry; 0 if there is none."""
    return engine.txn(governance.table_spec(TABLE).name, APP)


def append_entry(engine: Engine, seq: int, entry: Mapping[str, object]) -> bool:
    """Append entry number `seq`; False if another one with this number came first."""
    return governance.append_rows(engine, TABLE, [{"seq": seq, "until": None, **entry}], Txn(APP, seq)) is not None


def _request(rows: Iterable[Mapping[str, Any]], now: datetime) -> PurposeRequest:
    first, *later = rows
    newest = later[-1] if later else None
    until = next((row["until"] for row in later if row["event"] == PurposeEvent.APPROVE), None)
    return PurposeRequest(
        request=first["request"],
        account=first["account"],
        purpose=first["purpose"],
        state=_state(newest, until, now),
        reason=first["reason"],
        days=first["days"],
        asked_at=first["decided_at"],
        until=until,
        decided_by=newest["decided_by"] if newest else None,
        decision=newest["reason"] if newest else None,
    )


def _state(newest: Mapping[str, Any] | None, until: datetime | None, now: datetime) -> RequestState:
    match newest["event"] if newest else PurposeEvent.REQUEST:
        case PurposeEvent.REQUEST:
            return RequestState.WAITING
        case PurposeEvent.APPROVE if until:
            return RequestState.APPROVED if now < until else RequestState.EXPIRED
        case PurposeEvent.REJECT:
            return RequestState.REJECTED
        case _:
            return RequestState.REVOKED
