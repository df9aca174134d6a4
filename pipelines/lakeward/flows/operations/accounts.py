"""Accounts: add, list and revoke them, and rotate their access tokens."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.persons import has_stray_blanks, is_person_name, is_same_person
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import identify, open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.operations.account_changes import append_entry, open_account
from lakeward.flows.serving.policy import load_policy
from lakeward.protection.access_tokens import AccessToken, new_access_token
from lakeward.protection.accounts import (
    ACCOUNT_NAME,
    ADMIN_ROLE,
    MAX_TOKEN_DAYS,
    PURPOSE_NAME,
    TOKEN_DAYS,
    Account,
    AccountEvent,
    AccountState,
)
from lakeward.protection.read_request import OWN_PARTY
from lakeward.protection.register import AccountRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to add.

    Args:
        person: Owner of the account; with a number if two people have the same name.
        roles: Roles of the serving policy, and `admin`.
        party: Party of the serving policy; `own` for the project's own people.
        days: Days until the token expires.
    """

    name: str
    person: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    party: str = OWN_PARTY
    days: int = TOKEN_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAccount:
    """An account of the register, without the hash of its token.

    Args:
        account: Name of the account.
        person: Owner of the account.
        roles: Roles that it may take; `admin` may change accounts.
        purposes: Purposes that its owner reads for.
        party: Party that its owner belongs to; `own` for the project's own people.
        state: Whether its token is valid now.
        token_id: Id of its token; not secret.
        expires_at: Time at which its token expires.
        changed_at: Time of the last change.
        changed_by: Author of the last change: an account, or `os:NAME` for the operator of the machine.
    """

    account: str
    person: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    party: str
    state: AccountState
    token_id: str
    expires_at: datetime
    changed_at: datetime
    changed_by: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward account list --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new access token, which is shown only once.

    Args:
        account: Name of the account.
        token: The value of `LAKEWARD_TOKEN`; secret.
        token_id: Id of the token; not secret.
        expires_at: Time at which it expires.
    """

    account: str
    token: str = field(repr=False)
    token_id: str
    expires_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward account add --json`."""
        return fields_of(self)


def add_account(settings: Settings, new: NewAccount) -> IssuedToken:
    """Add an account, or reopen a revoked one of the same person; returns its token, which is shown only here.

    Raises:
        UsageError: The name, person, a role, a purpose or the days are not valid, or the account exists.
        ProtectionError: The caller is no admin, the first account is no admin, the register is not stored safely, or the token is
            not valid.
        TransientError: Another change did not end in time.
        MachineError: The register can't be written.
    """
    workspace = open_workspace(settings)
    _check_new_account(workspace, new)
    token, now = new_access_token(), workspace.clock.now()
    rights = {"roles": list(dict.fromkeys(new.roles)), "purposes": list(dict.fromkeys(new.purposes)), "party": new.party}
    entry = {"event": AccountEvent.ADD, "account": new.name, "person": new.person, **rights, **_token_cells(token, now, new.days)}

    def check(register: AccountRegister) -> tuple[str, ...]:
        _check_free_name(register, new)
        return new.roles

    append_entry(workspace, entry, check)
    return _issued(new.name, token, now, new.days)


def rotate_token(settings: Settings, name: str, days: int = TOKEN_DAYS) -> IssuedToken:
    """Replace the token of an account; returns the new one, which is shown only here. Allowed for admins and the account itself.

    Raises:
        UsageError: The account does not exist, or the days are not valid.
        ProtectionError, TransientError, MachineError: As `add_account`, or the account is revoked.
    """
    workspace = open_workspace(settings)
    _check_days(days)
    token, now = new_access_token(), workspace.clock.now()
    entry = {"event": AccountEvent.ROTATE, "account": name, **_token_cells(token, now, days)}
    append_entry(workspace, entry, lambda register: open_account(register, name).roles, owner=name)
    return _issued(name, token, now, days)


def revoke_account(settings: Settings, name: str) -> RegisteredAccount:
    """Revoke an account and its token.

    Raises:
        UsageError: The account does not exist.
        ProtectionError, TransientError, MachineError: As `add_account`, or the account is already revoked or the last admin.
    """
    workspace = open_workspace(settings)
    now = workspace.clock.now()

    def check(register: AccountRegister) -> tuple[str, ...]:
        account = open_account(register, name)
        others = (each for each in register.accounts() if each.name != name)
        if ADMIN_ROLE in account.roles and not any(each.is_live_admin(now) for each in others):
            raise ProtectionError("account_last_admin", account=name)
        return ()

    account = append_entry(workspace, {"event": AccountEvent.REVOKE, "account": name}, check).account(name)
    assert account is not None
    return _registered(account, now)


def list_accounts(settings: Settings) -> list[RegisteredAccount]:
    """All accounts in the order in which they were added.

    Raises:
        ProtectionError: As `open_register`, or the token is not valid.
        MachineError: The register can't be read.
    """
    workspace = open_workspace(settings)
    register, now = open_register(workspace), workspace.clock.now()
    if settings.token is not None:
        identify(workspace)
    return [_registered(account, now) for account in register.accounts()]


def _check_new_account(workspace: Workspace, new: NewAccount) -> None:
    if not ACCOUNT_NAME.fullmatch(new.name):
        raise UsageError("account_name", found=ascii(new.name))
    if new.person.strip() and has_stray_blanks(new.person):
        raise UsageError("account_person_blanks", found=ascii(new.person), expected=ascii(" ".join(new.person.split())))
    if not is_person_name(new.person):
        raise UsageError("account_person", found=ascii(new.person))
    _check_days(new.days)
    policy = load_policy(workspace)
    roles, parties = (*policy.roles, ADMIN_ROLE), (OWN_PARTY, *policy.parties)
    if unknown := [role for role in new.roles if role not in roles]:
        raise UsageError("role_unknown", role=unknown[0], close=did_you_mean(unknown[0], roles))
    if new.party not in parties:
        raise UsageError("party_unknown", party=new.party, close=did_you_mean(new.party, parties) or OWN_PARTY)
    if not new.roles:
        raise UsageError("account_roles_missing", expected=", ".join(roles))
    if wrong := [purpose for purpose in new.purposes if not PURPOSE_NAME.fullmatch(purpose)]:
        raise UsageError("account_purpose", found=ascii(wrong[0]))


def _check_days(days: int) -> None:
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise UsageError("account_days", found=days, expected=MAX_TOKEN_DAYS)


def _check_free_name(register: AccountRegister, new: NewAccount) -> None:
    """A name never passes to another person: earlier signatures would become theirs."""
    account = register.account(new.name)
    if account is None:
        return
    if not account.revoked:
        raise UsageError("account_exists", account=new.name)
    if not is_same_person(account.person, new.person):
        raise ProtectionError("account_name_taken", account=new.name)


def _token_cells(token: AccessToken, now: datetime, days: int) -> dict[str, object]:
    return {"token": token.id, "sha256": token.sha256, "expires": _end(now, days).isoformat()}


def _issued(name: str, token: AccessToken, now: datetime, days: int) -> IssuedToken:
    return IssuedToken(account=name, token=token.text, token_id=token.id, expires_at=_end(now, days))


def _end(now: datetime, days: int) -> datetime:
    """Time at which a token expires, in whole seconds."""
    return now.replace(microsecond=0) + timedelta(days=days)


def _registered(account: Account, now: datetime) -> RegisteredAccount:
    return RegisteredAccount(
        account=account.name,
        person=account.person,
        roles=account.roles,
        purposes=account.purposes,
        party=account.party,
        state=account.state(now),
        token_id=account.token_id,
        expires_at=account.expires_at,
        changed_at=account.changed_at,
        changed_by=account.changed_by,
    )
