"""Who changes a key, and the second person of what can't be taken back: destroying a key, and another scheme of tokens.

As with the fall of a grade: one person approves by their own access token, and another one decides by theirs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.flows.base.column_keys import ColumnKeyRecord, KeyState, read_key_records
from lakeward.flows.base.identity import identify, open_register
from lakeward.flows.base.key_decisions import (
    DESTROY,
    SCHEME,
    KeyEvent,
    append_key_decision,
    read_key_decisions,
    token_scheme,
)
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.protection.accounts import ADMIN_ROLE, Account
from lakeward.protection.keys import Scheme
from lakeward.protection.read_request import OWN_PARTY

# Days that an approval is valid.
APPROVAL_DAYS = 7
# Roles of the project's own people, one of which the second person has.
APPROVER_ROLES = (ADMIN_ROLE, "cdo", "steward")
TOKEN_SCHEMES = (Scheme.CMAC, Scheme.HMAC)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAuthor:
    """Who changes a key, and why.

    Args:
        by: Name; empty for the account of the token.
    """

    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A change of a key now.

    Args:
        by: Who.
        verified: Whether a token proved who.
        has_register: Whether the register has accounts, so that two persons decide.
    """

    by: str
    verified: bool
    reason: str | None
    at: datetime
    has_register: bool

    def apply(self, record: ColumnKeyRecord, state: KeyState | None = None) -> ColumnKeyRecord:
        """The record as this change leaves it."""
        by = {"changed_by": self.by, "reason": self.reason}
        return replace(record, state=state or record.state, verified=self.verified, changed_at=self.at, **by)  # type: ignore[arg-type]

    def entry(self, event: KeyEvent, subject: str) -> dict[str, object]:
        """Its entry among the decisions."""
        who = {"decided_by": self.by, "verified": self.verified, "reason": self.reason or "", "decided_at": self.at}
        return {"event": event, "subject": subject, **who}


def key_change(workspace: Workspace, author: KeyAuthor) -> KeyChange:
    """Who changes a key now. Once there are accounts, only an admin of the project's own people does.

    Raises:
        UsageError: No author is named.
        ProtectionError: The author is no admin, or belongs to another party, or the token is not valid.
    """
    identity = identify(workspace, author.by)
    if identity.has_register and not (identity.account and ADMIN_ROLE in identity.account.roles):
        raise ProtectionError("key_admin", role=ADMIN_ROLE)
    if identity.account:
        _check_decider(identity.account, (ADMIN_ROLE,))
    if not identity.name:
        raise UsageError("key_author_missing")
    return KeyChange(
        by=identity.name,
        verified=identity.verified,
        reason=author.reason.strip() or None,
        at=workspace.clock.now(),
        has_register=identity.has_register,
    )


def approve_key_change(settings: Settings, name: str, reason: str) -> str:
    """Approve, as the second person, that a key is destroyed or a scheme of tokens taken; returns the account that approved.

    Args:
        name: Id of a key, or a scheme of tokens.

    Raises:
        UsageError: There is no such key or scheme, the key is destroyed, or no reason is given.
        ProtectionError: There is no token, it is not valid, or its account has none of the roles or belongs to another party.
    """
    workspace = open_workspace(settings)
    identity = identify(workspace)
    if not reason.strip():
        raise UsageError("key_reason_missing", key=ascii(name))
    if identity.account is None:
        raise ProtectionError("key_approval_token", key=ascii(name))
    _check_decider(identity.account, APPROVER_ROLES)
    change = KeyChange(by=identity.name, verified=True, reason=reason.strip(), at=workspace.clock.now(), has_register=True)
    with workspace.engine() as engine:
        append_key_decision(engine, change.entry(KeyEvent.APPROVE, _subject(engine, name)))
    return identity.name


def decide_token_scheme(settings: Settings, scheme: str, author: KeyAuthor) -> Scheme | None:
    """Take another scheme of tokens from now on: its tokens can't be joined with those of before. Returns the scheme of before.

    Raises:
        UsageError: There is no such scheme, no reason is given, or it is the present one.
        ProtectionError: The author is no admin; or there are accounts, and no second person approved it.
    """
    if scheme not in TOKEN_SCHEMES:
        raise UsageError("key_scheme", found=ascii(scheme), expected=", ".join(TOKEN_SCHEMES))
    workspace = open_workspace(settings)
    if not author.reason.strip():
        raise UsageError("key_reason_missing", key=scheme)
    change = key_change(workspace, author)
    with workspace.engine() as engine:
        before = token_scheme(engine)
        if before == scheme:
            raise UsageError("key_scheme_same", scheme=scheme)
        decide_together(workspace, engine, f"{SCHEME}{scheme}", change)
    return before


def decide_together(workspace: Workspace, engine: Engine, subject: str, change: KeyChange) -> None:
    """Record a decision; where there are accounts, with the second person who approved it.

    Raises:
        ProtectionError: No second person did.
    """
    approved_by = _second_person(workspace, engine, subject, change) if change.has_register else None
    append_key_decision(engine, {**change.entry(KeyEvent.DECIDE, subject), "approved_by": approved_by})


def _second_person(workspace: Workspace, engine: Engine, subject: str, change: KeyChange) -> str:
    rows = read_key_decisions(engine)
    found = [row for row in rows if _is_valid(row, subject, change.at)]
    if subject.startswith(SCHEME):  # each decision about the scheme takes an approval of its own
        decided = [row["seq"] for row in rows if row["event"] == KeyEvent.DECIDE and row["subject"].startswith(SCHEME)]
        found = [row for row in found if row["seq"] > max(decided, default=0)]
    register = open_register(workspace)
    others = [row for row in found if register.are_two_persons(row["decided_by"], change.by)]
    # An account can have lost its role since, and approvals of before took any account; an account of a provider is not registered.
    others = [row for row in others if not (own := register.account(row["decided_by"])) or _is_decider(own, APPROVER_ROLES)]
    if not others:
        code, name = "key_approval_own" if found else "key_approval_missing", subject.partition(":")[2]
        raise ProtectionError(code, key=name, command=f"lakeward key approve {name} --reason TEXT")
    return str(others[-1]["decided_by"])


def _check_decider(account: Account, roles: Collection[str]) -> None:
    if not _is_decider(account, roles):
        raise ProtectionError("key_decider", account=account.name, expected=", ".join(roles))


def _is_decider(account: Account, roles: Collection[str]) -> bool:
    return account.party == OWN_PARTY and not set(roles).isdisjoint(account.roles)


def _is_valid(row: Mapping[str, Any], subject: str, now: datetime) -> bool:
    if row["event"] != KeyEvent.APPROVE or row["subject"] != subject:
        return False
    return bool(row["decided_at"] > now - timedelta(days=APPROVAL_DAYS))


def _subject(engine: Engine, name: str) -> str:
    if name in TOKEN_SCHEMES:
        return f"{SCHEME}{name}"
    keys = [record.key_id for record in read_key_records(engine)[0] if record.state is not KeyState.DESTROYED]
    if name not in keys:
        raise UsageError("key_unknown", key=ascii(name), close=did_you_mean(name, [*keys, *TOKEN_SCHEMES]) or "-")
    return f"{DESTROY}{name}"
