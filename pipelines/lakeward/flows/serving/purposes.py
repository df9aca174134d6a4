"""Requests to read for a purpose: a person asks, and another person, in a role that the policy names, agrees for some days.

Both sign by their own access tokens.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine, TableReader
from lakeward.flows.base.identity import Identity, identify, open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.policy import load_policy
from lakeward.flows.serving.purpose_record import (
    PurposeEvent,
    PurposeRequest,
    RequestState,
    append_entry,
    newest_entry,
    read_requests,
)
from lakeward.protection.policy import Policy
from lakeward.protection.purposes import Purpose

# The columns of an entry by the requests so far and the entry's number; raises if the event is not allowed.
MakeEntry = Callable[[list[PurposeRequest], int], dict[str, object]]


def request_purpose(settings: Settings, purpose: str, reason: str, days: int | None = None) -> PurposeRequest:
    """Ask to read for `purpose`; the request waits for another person.

    Args:
        days: Days from the approval; None for the most that the policy allows.

    Raises:
        UsageError: The policy has no such purpose, or one without approval; no reason is given, the days are too many, or a
            request of the same account and purpose is waiting.
        ProtectionError: There is no token, or it is not valid.
        StoreConflictError: Other writers committed first on every try.
    """
    workspace = open_workspace(settings)
    policy, identity = load_policy(workspace), _signer(workspace)
    found = find_purpose(policy, purpose)
    _check_reason(reason)
    if not found.approvers:
        raise UsageError("purpose_no_approval", purpose=purpose)
    days = found.days if days is None else days
    if not 1 <= days <= found.days:
        raise UsageError("purpose_days", found=days, expected=found.days, purpose=purpose)

    def make(requests: list[PurposeRequest], seq: int) -> dict[str, object]:
        for row in requests:
            if (row.account, row.purpose, row.state) == (identity.name, purpose, RequestState.WAITING):
                raise UsageError("purpose_waiting", request=row.request, purpose=purpose)
        return {"request": seq, "account": identity.name, "purpose": purpose, "days": days}

    return _record(workspace, policy, PurposeEvent.REQUEST, (identity, reason), make)


def approve_purpose(settings: Settings, number: int, reason: str) -> PurposeRequest:
    """Approve a waiting request as the second person; it holds from now for the days that it asks for.

    Raises:
        UsageError: There is no such request, it is not waiting, or no reason is given.
        ProtectionError: There is no valid token, its account has no role that may approve, or it belongs to the person who asks.
        StoreConflictError: Other writers committed first on every try.
    """
    return _decide(settings, number, reason, PurposeEvent.APPROVE)


def reject_purpose(settings: Settings, number: int, reason: str) -> PurposeRequest:
    """Reject a waiting request; else as `approve_purpose`."""
    return _decide(settings, number, reason, PurposeEvent.REJECT)


def revoke_purpose(settings: Settings, number: int, reason: str) -> PurposeRequest:
    """End an approved request before its time, or withdraw a waiting one; its own account may do it, too. Else as `approve_purpose`."""
    return _decide(settings, number, reason, PurposeEvent.REVOKE)


def list_purpose_requests(settings: Settings, *, include_closed: bool = False) -> list[PurposeRequest]:
    """Requests that are waiting or hold; with `include_closed` all of them."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = read_requests(engine, workspace.clock.now())
    return [row for row in found if include_closed or row.state in {RequestState.WAITING, RequestState.APPROVED}]


def read_purpose_requests(tables: TableReader, now: datetime) -> list[PurposeRequest]:
    """All requests with their state at `now`, the oldest first, of tables that are open."""
    return read_requests(tables, now)


def requestable_purposes(settings: Settings) -> Mapping[str, Purpose]:
    """The purposes of the policy for which a request is asked, by name.

    Raises:
        PolicyError: The policy is not valid.
    """
    found = load_policy(open_workspace(settings)).purposes
    return {name: purpose for name, purpose in found.items() if purpose.approvers}


def find_purpose(policy: Policy, name: str) -> Purpose:
    """The purpose of the policy.

    Raises:
        UsageError: The policy has no such purpose.
    """
    if name not in policy.purposes:
        raise UsageError("purpose_unknown", purpose=name, close=did_you_mean(name, policy.purposes) or "-")
    return policy.purposes[name]


def _decide(settings: Settings, number: int, reason: str, event: PurposeEvent) -> PurposeRequest:
    workspace = open_workspace(settings)
    policy, identity = load_policy(workspace), _signer(workspace)
    _check_reason(reason)

    def make(requests: list[PurposeRequest], _seq: int) -> dict[str, object]:
        found = next((row for row in requests if row.request == number), None)
        if found is None:
            raise UsageError("purpose_request_unknown", request=number)
        ends = event is PurposeEvent.REVOKE
        if found.state is not RequestState.WAITING and not (ends and found.state is RequestState.APPROVED):
            raise UsageError("purpose_request_closed", request=number, state=found.state)
        if not (ends and identity.name == found.account):
            _check_approver(workspace, policy, identity, found)
        days, until = found.days, None
        if event is PurposeEvent.APPROVE:
            days = min(days, find_purpose(policy, found.purpose).days)  # the policy may allow fewer by now
            until = workspace.clock.now() + timedelta(days=days)
        return {"request": number, "account": found.account, "purpose": found.purpose, "days": days, "until": until}

    return _record(workspace, policy, event, (identity, reason), make)


def _record(
    workspace: Workspace, policy: Policy, event: PurposeEvent, signature: tuple[Identity, str], make: MakeEntry
) -> PurposeRequest:
    """Append one entry, and return the request after it. Another writer's entry is read before the next try."""
    identity, reason = signature
    with workspace.engine() as engine:
        while True:
            seq, now = newest_entry(engine) + 1, workspace.clock.now()
            entry = make(read_requests(engine, now), seq)
            signed = {"event": event, "reason": reason.strip(), "decided_by": identity.name, "decided_at": now}
            if append_entry(engine, seq, {**entry, **signed, "policy_sha256": sha256(policy.text.encode())}):
                return _find(engine, workspace, entry["request"])


def _find(engine: Engine, workspace: Workspace, number: object) -> PurposeRequest:
    return next(row for row in read_requests(engine, workspace.clock.now()) if row.request == number)


def _signer(workspace: Workspace) -> Identity:
    identity = identify(workspace)
    if not identity.verified:
        raise ProtectionError("purpose_signature")
    return identity


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("purpose_reason")


def _check_approver(workspace: Workspace, policy: Policy, identity: Identity, request: PurposeRequest) -> None:
    approvers = find_purpose(policy, request.purpose).approvers
    roles = identity.account.roles if identity.account else ()
    if not approvers & set(roles):
        expected = ", ".join(sorted(approvers)) or "-"
        raise ProtectionError("purpose_approver", account=identity.name, purpose=request.purpose, expected=expected)
    if not open_register(workspace).are_two_persons(identity.name, request.account):
        raise ProtectionError("purpose_same_person", request=request.request, account=request.account)
