"""Accounts: their state by the entries of the register."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakeward.core.errors import ProtectionError
from lakeward.protection.read_request import OWN_PARTY

# Role that may change accounts. It gives no access to data.
ADMIN_ROLE = "admin"
# ASCII in lower case, so that names can't differ by case or alphabet.
ACCOUNT_NAME = re.compile(r"(?=.{2,63}\Z)[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
PURPOSE_NAME = re.compile(r"(?=.{1,63}\Z)\w+(?:[._-]\w+)*")
# Before the subject of an identity provider in the name of an account: no account of the register has such a name.
OIDC_PREFIX = "oidc:"
# Days until a token expires: default and maximum.
TOKEN_DAYS, MAX_TOKEN_DAYS = 90, 366


class AccountEvent(StrEnum):
    """Kind of a register entry."""

    ADD = "add"
    ROTATE = "rotate"
    REVOKE = "revoke"
    PASSWORD = "password"  # noqa: S105 -- a kind of entry


class AccountState(StrEnum):
    """Whether an account's token is valid."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the register.

    Args:
        person: Owner of the account; two accounts of one person never count as two persons.
        roles: Roles of the serving policy that it may take, and `admin`.
        purposes: Purposes that its owner reads for.
        party: Party of the serving policy that its owner belongs to; `own` for the project's own people.
        token_id: Id of its only valid token.
        expires_at: Time from which the token is not valid.
        changed_by: Author of the newest entry.
        password_hash: Hash of the password for the portal, of its newest entry since the account was added; None without one.
    """

    name: str
    person: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    party: str = OWN_PARTY
    token_id: str
    token_sha256: str = field(repr=False)
    expires_at: datetime
    revoked: bool
    changed_at: datetime
    changed_by: str
    password_hash: str | None = field(default=None, repr=False)

    def state(self, now: datetime) -> AccountState:
        """State of the account at `now`."""
        if self.revoked:
            return AccountState.REVOKED
        return AccountState.ACTIVE if now < self.expires_at else AccountState.EXPIRED

    def is_live_admin(self, now: datetime) -> bool:
        """Whether it is an admin with a valid token at `now`."""
        return ADMIN_ROLE in self.roles and self.state(now) is AccountState.ACTIVE


def account_of(entries: Iterable[Entry]) -> Account | None:
    """The account by all its entries in order; None without entries.

    Raises:
        KeyError, TypeError, ValueError: The entries are not valid.
    """
    stand: dict[str, Any] = {}
    for entry in entries:
        event = AccountEvent(entry["event"])
        is_open = bool(stand) and not stand["revoked"]
        if is_open == (event is AccountEvent.ADD):  # only a closed account is added; only an open one is rotated or revoked
            raise ValueError(event)
        # A password does not outlive the account that it was set for.
        stand = {**({} if event is AccountEvent.ADD else stand), **entry}
        stand["revoked"] = event is AccountEvent.REVOKE
    return _account(stand) if stand else None


def _account(stand: Entry) -> Account:
    return Account(
        name=stand["account"],
        person=stand["person"],
        roles=tuple(stand["roles"]),
        purposes=tuple(stand["purposes"]),
        party=str(stand.get("party", OWN_PARTY)),
        token_id=stand["token"],
        token_sha256=stand["sha256"],
        expires_at=_instant(stand["expires"]),
        revoked=stand["revoked"],
        changed_at=_instant(stand["at"]),
        changed_by=stand["by"],
        password_hash=stand.get("password"),
    )


def _instant(text: str) -> datetime:
    """Parse an instant; its time zone is required."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def check_active(account: Account, now: datetime) -> None:
    """Check that the account may act.

    Raises:
        ProtectionError: It is revoked, or its token has expired.
    """
    state = account.state(now)
    if state is AccountState.REVOKED:
        raise ProtectionError("account_revoked", account=account.name)
    if state is AccountState.EXPIRED:
        expires_at = account.expires_at.isoformat(timespec="seconds")
        raise ProtectionError("account_token_expired", account=account.name, expires_at=expires_at)
