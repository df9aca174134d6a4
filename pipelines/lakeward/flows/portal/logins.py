"""Log-ins with the accounts of the register: a password starts a session, and any change of the account ends it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Semaphore

from lakeward.core.errors import LakewardError, ProtectionError, UsageError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import open_register, register_path
from lakeward.flows.base.sessions import OpenSession, SessionStore, credential_of
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.login_log import LoginEntry, LoginEvent, LoginLog
from lakeward.protection.accounts import Account, AccountState
from lakeward.protection.passwords import is_password
from lakeward.protection.read_request import OWN_PARTY
from lakeward.protection.register import AccountRegister
from lakeward.protection.register_file import file_stamp

# Passwords hashed at once: each takes 19 MiB and a core.
HASHES_AT_ONCE = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalUser:
    """Who is logged in.

    Args:
        account: Name of the account.
        person: Owner of the account.
        roles: Roles of the account; they decide which pages it sees.
        form_token: Token that forms of the session carry.
    """

    account: str
    person: str
    roles: tuple[str, ...]
    form_token: str = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        """`account, person, roles, form_token`."""
        return fields_of(self)


class Logins:
    """Who may log in, and who has. Each event is in the access log before it is answered.

    Args:
        sessions: Where sessions are stored.
        log: Where events are logged.
    """

    def __init__(self, workspace: Workspace, sessions: SessionStore, log: LoginLog) -> None:
        self._workspace, self._sessions, self._log = workspace, sessions, log
        self._hashing, self._reading = Semaphore(HASHES_AT_ONCE), Lock()
        self._register: AccountRegister | None = None
        self._stamp: tuple[int, ...] | None = None

    def log_in(self, name: str, password: str, address: str) -> str:
        """Check a password; returns the id of a new session.

        Args:
            address: Address that the request came from.

        Raises:
            ProtectionError: Name or password is wrong, the account is closed or of an outside party, or too many tries failed.
            MachineError: The register can't be read.
        """
        account = self._proved_account(LoginEvent.LOGIN, name, password, address)
        self._note(LoginEvent.LOGIN, account.name, account.name, address)
        return self._sessions.start(account.name, credential_of(account), self._workspace.clock.now())

    def enter(self, name: str, address: str, tried: str = "") -> str:
        """Start a session for an account that a trusted proxy or the identity provider has logged in; returns its id.

        Args:
            tried: The try at the identity provider that has proved the account; empty for a proxy.

        Raises:
            ProtectionError: There is no such account, or it is closed or of an outside party.
            MachineError: The register can't be read, or the event can't be logged.
        """
        now, account = self._workspace.clock.now(), self._account(name)
        unknown = "sign_in_unknown" if tried else "login_unknown"
        fault = ProtectionError(unknown) if account is None else _closed_fault(account, now)
        if account is None or fault:
            fault = fault or ProtectionError(unknown)
            self._note(LoginEvent.LOGIN, None, account.name if account else None, address, fault.code)
            raise fault
        self._note(LoginEvent.LOGIN, account.name, account.name, address)
        self._sessions.forget_failures(tried)
        return self._sessions.start(account.name, credential_of(account), now)

    @contextmanager
    def trying(self, name: str, address: str) -> Iterator[None]:
        """A log-in that the identity provider is to prove: it counts as failed until `enter`, and a refusal is logged.

        Args:
            name: Names the try; it is not stored.

        Raises:
            ProtectionError: Too many tries failed.
            MachineError: The event can't be logged.
        """
        self._check_tries(LoginEvent.LOGIN, name, address)
        try:
            yield
        except LakewardError as error:
            self._note(LoginEvent.LOGIN, None, None, address, error.code)
            raise

    def user_of(self, session_id: str) -> PortalUser | None:
        """Whose session this is; None if it has ended, also because its account changed."""
        found = self._sessions.account_of(session_id, self._current_register(), self._workspace.clock.now())
        if found is None:
            return None
        account, session = found
        roles = tuple(sorted(account.roles))
        return PortalUser(account=account.name, person=account.person, roles=roles, form_token=session.form_token)

    def log_out(self, session_id: str, address: str = "") -> None:
        """End a session.

        Raises:
            MachineError: The event can't be logged; the session has ended.
        """
        user = self.user_of(session_id)
        self._sessions.end(session_id)
        if user:
            self._note(LoginEvent.LOGOUT, user.account, user.account, address)

    def change_password(self, session_id: str, old: str, address: str, store: Callable[[], object]) -> str:
        """Change the own password: every session of the account ends; returns the id of a new one.

        Args:
            old: The password of now.
            store: Stores the new one.

        Raises:
            ProtectionError: The session has ended, the old password is wrong, or too many tries failed.
            MachineError: The register can't be read, or the event can't be logged.
        """
        user = self.user_of(session_id)
        if user is None:
            raise ProtectionError("session_over")
        self._proved_account(LoginEvent.PASSWORD, user.account, old, address)
        store()
        account = self._account(user.account)
        if account is None:
            raise ProtectionError("session_over")
        self._note(LoginEvent.PASSWORD, account.name, account.name, address)
        return self._sessions.start(account.name, credential_of(account), self._workspace.clock.now())

    def open_sessions(self) -> list[OpenSession]:
        """The sessions of now, the newest first; those that a change of their account ended are left out."""
        register, now = self._current_register(), self._workspace.clock.now()
        return [each for each in self._sessions.open_sessions(now) if register.account(each.account)]

    def end_session(self, number: str, admin: PortalUser, address: str) -> str:
        """End a session, by an admin; returns its account.

        Raises:
            UsageError: There is no such session.
            MachineError: The event can't be logged; the session has ended.
        """
        account = self._sessions.end_number(number)
        if account is None:
            raise UsageError("portal_no_session")
        self._note(LoginEvent.SESSION_END, admin.account, account, address)
        return account

    def with_passwords(self) -> frozenset[str]:
        """Names of the accounts that have a password."""
        return frozenset(account.name for account in self._current_register().accounts() if account.password_hash)

    def has_passwords(self) -> bool:
        """Whether any open account has a password, so that someone can log in."""
        return any(account.password_hash and not account.revoked for account in self._current_register().accounts())

    def _proved_account(self, event: LoginEvent, name: str, password: str, address: str) -> Account:
        """The open account of the project's own people that this password proves; every refusal is logged before."""
        self._check_tries(event, name, address)
        account = self._account(name)
        with self._hashing:
            is_right = is_password(account.password_hash if account else None, password)
        if account is None or not is_right:
            self._note(event, None, account.name if account else None, address, "login_wrong")
            raise ProtectionError("login_wrong")
        fault = _closed_fault(account, self._workspace.clock.now())
        if fault:
            self._note(event, None, account.name, address, fault.code)
            raise fault
        self._sessions.forget_failures(name)
        return account

    def _check_tries(self, event: LoginEvent, name: str, address: str) -> None:
        """Count a try, of which too many are refused; the first that is refused is logged."""
        now = self._workspace.clock.now()
        if self._sessions.note_attempt(name, address, now):
            return
        if self._sessions.note_limited(address, now):
            self._note(event, None, None, address, "login_limited")
        raise ProtectionError("login_limited")

    def _note(self, event: LoginEvent, principal: str | None, subject: str | None, address: str, code: str | None = None) -> None:
        log.info("portal", extra={"event": str(event), "account": subject, "address": address, "code": code})
        self._log.record(LoginEntry(event=event, principal=principal, subject=subject, address=address, code=code))

    def _account(self, name: str) -> Account | None:
        return self._current_register().account(name)

    def _current_register(self) -> AccountRegister:
        """The register, read anew after each change of its file."""
        stamp = file_stamp(register_path(self._workspace))
        with self._reading:
            if self._register is None or stamp != self._stamp:
                self._register, self._stamp = self._opened_register(), stamp
            return self._register

    def _opened_register(self) -> AccountRegister:
        """The register of now; what is wrong with it is logged, for pages do not say it to all."""
        try:
            return open_register(self._workspace)
        except LakewardError as error:
            log.warning("the register of accounts is not in order", extra={"code": error.code})
            raise


def _closed_fault(account: Account, now: datetime) -> ProtectionError | None:
    """Why an account may not log in, with the right password; None if it may."""
    if account.state(now) is not AccountState.ACTIVE:
        return ProtectionError("login_closed", account=account.name)
    if account.party != OWN_PARTY:
        return ProtectionError("login_party", account=account.name, party=account.party)
    return None
