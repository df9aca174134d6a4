"""Identity of the caller: an account verified by its access token, or a typed name. All flows get it from here.

A token that is not valid is always an error; there is no fallback to a typed name.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import MachineError, ProtectionError
from lakeward.core.names import new_run_id
from lakeward.core.persons import is_same_person
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import store_of
from lakeward.flows.base.given_texts import check_given_texts
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.protection.accounts import OIDC_PREFIX, Account, check_active
from lakeward.protection.oidc import authenticate_web_token, is_web_token
from lakeward.protection.oidc_file import read_provider
from lakeward.protection.register import AccountRegister, RegisterMark
from lakeward.protection.register_file import file_stamp, read_register

# Default place of the register in the project.
ACCOUNTS_FILE = Path(".lakeward") / "accounts.jsonl"
# File in the lake that stores how far the lake has seen the register. It holds no secret and no name.
MARK_FILE = ".accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Identity of the caller.

    Args:
        name: Name of the account; without a token or a session, the typed name.
        account: Account of the token or the session; None without either.
        has_register: Whether the register has any account.
    """

    name: str
    account: Account | None
    has_register: bool

    @property
    def verified(self) -> bool:
        """Whether a token or a session verified the name."""
        return self.account is not None

    def check_role(self, role: str) -> None:
        """Check that the account has the role; without an account every role is allowed.

        Raises:
            ProtectionError: The account does not have the role.
        """
        if self.account and role not in self.account.roles:
            roles = ", ".join(self.account.roles)
            raise ProtectionError("account_role", account=self.account.name, role=role, expected=roles)


def register_path(workspace: Workspace) -> Path:
    """Path of the register of accounts."""
    return workspace.settings.accounts or workspace.project.root / ACCOUNTS_FILE


def open_register(workspace: Workspace) -> AccountRegister:
    """Read the register of accounts; empty if there is none.

    Raises:
        ProtectionError: The register is not stored safely, was tampered with, or lacks entries that this lake has seen.
        MachineError: The register can't be read.
    """
    mark = read_mark(workspace)  # before the register, which only grows
    register = read_register(register_path(workspace), workspace.files)
    if workspace.settings.accounts and not register.has_accounts:
        raise ProtectionError("accounts_missing", file=register.file)
    check_mark(workspace, register, mark)
    return register


def identify(workspace: Workspace, typed: str = "") -> Identity:
    """The identity of the caller: the account of Airflow's user, the token or the portal's session; without any the typed name.

    Raises:
        UsageError: The typed name holds a control character.
        ProtectionError: The user has no account, the token is not valid or the session has ended, its account has another name than the typed one, or as `open_register`.
        MachineError: The register can't be read.
    """
    register = open_register(workspace)
    account = _proven_account(workspace, register)
    check_given_texts({"--by": typed})
    if account is None:
        return Identity(name=typed.strip(), account=None, has_register=register.has_accounts)
    if typed.strip() and not any(is_same_person(typed, own) for own in (account.name, account.person)):
        raise ProtectionError("account_name_other", account=account.name)
    return Identity(name=account.name, account=account, has_register=True)


def _proven_account(workspace: Workspace, register: AccountRegister) -> Account | None:
    """The account that something proves; None if nothing was given that could."""
    settings = workspace.settings
    if settings.approver is not None:  # first: the tasks of Airflow may have a token of their own
        name = settings.approvers.get(settings.approver)
        if name is None:
            raise ProtectionError("approver_unmapped", user=settings.approver)
        account = register.account(name)
        if account is None:
            raise ProtectionError("approver_account", account=name, file=register.file)
        check_active(account, workspace.clock.now())
        return account
    if settings.token is not None:
        return _authenticate(workspace, register, settings.token)
    return None if settings.session is None else session_account(workspace, register, settings.session)


def _authenticate(workspace: Workspace, register: AccountRegister, token: str) -> Account:
    """The account of a token of the register, or of the project's identity provider."""
    if not is_web_token(token):
        return register.authenticate(token, workspace.clock.now())
    file, lake = workspace.project.oidc, workspace.files
    if file is None:
        raise ProtectionError("oidc_not_declared")
    return authenticate_web_token(token, read_provider(file, lake), lake)


def session_account(workspace: Workspace, register: AccountRegister, session: str) -> Account:
    """The account of a session of the portal.

    Raises:
        ProtectionError: The session has ended.
        MachineError: The portal's file can't be read.
    """
    from lakeward.flows.base.sessions import PORTAL_FOLDER, SessionStore  # noqa: PLC0415 -- SQLite, of the portal alone

    store = SessionStore(workspace.project.root / PORTAL_FOLDER)
    try:
        found = store.account_of(session, register, workspace.clock.now())
    finally:
        store.close()
    if found is None:
        raise ProtectionError("session_over")
    return found[0]


def signer_name(settings: Settings, typed: str = "") -> str:
    """The name under which a decision is recorded: the token's account, or the typed name.

    Raises:
        ProtectionError, MachineError: As `identify`.
    """
    return identify(open_workspace(settings), typed).name


class IdentityWatch:
    """Checks before each query of a session that its token is still valid. Reads the register, or the provider's files, only if one changed."""

    def __init__(self, workspace: Workspace, identity: Identity) -> None:
        self._workspace, self._account = workspace, identity.account
        self._files = _proof_files(workspace, identity)
        self._stamp: list[tuple[int, ...] | None] | None = self._stamps()

    def check(self, now: datetime) -> None:
        """Check that the token is still valid.

        Raises:
            ProtectionError: The token was revoked, replaced or has expired, or its account has other roles, purposes or another party.
        """
        if self._account is None:
            return
        stamp = self._stamps()
        if stamp == self._stamp and now < self._account.expires_at:
            return
        identity = identify(self._workspace)
        if identity.account is None or _rights(identity.account) != _rights(self._account):
            raise ProtectionError("account_changed", account=self._account.name)
        files = _proof_files(self._workspace, identity)
        self._files, self._stamp = files, stamp if files == self._files else None

    def _stamps(self) -> list[tuple[int, ...] | None]:
        return [file_stamp(Path(os.path.realpath(file))) for file in self._files]


def _proof_files(workspace: Workspace, identity: Identity) -> list[Path]:
    """The files that prove the account: the register, or those of the identity provider."""
    file = workspace.project.oidc
    if file is None or identity.account is None or not identity.account.name.startswith(OIDC_PREFIX):
        return [register_path(workspace)]
    return [register_path(workspace), file, read_provider(file, workspace.files).keys]


def _rights(account: Account) -> tuple[object, ...]:
    return account.name, account.roles, account.purposes, account.party


def read_mark(workspace: Workspace) -> RegisterMark | None:
    """Read how far this lake has seen the register; None if it has seen none.

    Raises:
        ProtectionError: The mark is not valid.
    """
    path = _mark_path(workspace)
    try:
        data = store_of(workspace.lake.root()).read(MARK_FILE)
        if data is None:
            return None
        found = json.loads(data)
        return RegisterMark(int(found["size"]), str(found["chain"]))
    except (OSError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ProtectionError("accounts_other", file=register_path(workspace), mark=path) from None


def check_mark(workspace: Workspace, register: AccountRegister, mark: RegisterMark | None) -> None:
    """Check that the register contains all that this lake has seen of it.

    Raises:
        ProtectionError: The register is missing, shorter, or another one.
    """
    if mark and not register.extends(mark):
        raise ProtectionError("accounts_other", file=register.file, mark=_mark_path(workspace))


def write_mark(workspace: Workspace, mark: RegisterMark | None) -> None:
    """Store how far the lake has seen the register; without a mark, only check that it could be stored.

    Raises:
        MachineError: The lake can't be written.
    """
    store = store_of(workspace.lake.root())
    trial = f"{MARK_FILE}.{new_run_id()}"
    try:
        if mark:
            store.replace(MARK_FILE, json.dumps(asdict(mark)).encode("ascii"))
        else:
            store.replace(trial, b"{}")
            store.delete(trial)
    except OSError as error:
        raise MachineError("lake_not_writable", lake=workspace.lake) from error


def _mark_path(workspace: Workspace) -> str:
    return f"{workspace.lake}/{MARK_FILE}"
