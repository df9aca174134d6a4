"""Log-ins with the accounts of the register: a password starts a session, and any change of the account ends it."""

import logging
from dataclasses import dataclass, field
from threading import Lock, Semaphore

from lakeward.core.errors import ProtectionError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import open_register, register_path
from lakeward.flows.base.sessions import SessionStore, credential_of
from lakeward.flows.base.workspace import Workspace
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
    """Who may log in, and who has.

    Args:
        sessions: Where sessions are stored.
    """

    def __init__(self, workspace: Workspace, sessions: SessionStore) -> None:
        self._workspace, self._sessions = workspace, sessions
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
        now = self._workspace.clock.now()
        if not self._sessions.note_attempt(name, address, now):
            log.warning("log-in limited", extra={"address": address})
            raise ProtectionError("login_limited")
        account = self._account(name)
        with self._hashing:
            is_right = is_password(account.password_hash if account else None, password)
        if account is None or not is_right:
            log.warning("log-in failed", extra={"address": address, "account": account.name if account else None})
            raise ProtectionError("login_wrong")
        if account.state(now) is not AccountState.ACTIVE:
            raise ProtectionError("login_closed", account=account.name)
        if account.party != OWN_PARTY:
            raise ProtectionError("login_party", account=account.name, party=account.party)
        self._sessions.forget_failures(name)
        log.info("log-in", extra={"address": address, "account": account.name})
        return self._sessions.start(account.name, credential_of(account), now)

    def user_of(self, session_id: str) -> PortalUser | None:
        """Whose session this is; None if it has ended, also because its account changed."""
        found = self._sessions.account_of(session_id, self._current_register(), self._workspace.clock.now())
        if found is None:
            return None
        account, session = found
        roles = tuple(sorted(account.roles))
        return PortalUser(account=account.name, person=account.person, roles=roles, form_token=session.form_token)

    def log_out(self, session_id: str) -> None:
        """End a session."""
        self._sessions.end(session_id)

    def has_passwords(self) -> bool:
        """Whether any open account has a password, so that someone can log in."""
        return any(account.password_hash and not account.revoked for account in self._current_register().accounts())

    def _account(self, name: str) -> Account | None:
        return self._current_register().account(name)

    def _current_register(self) -> AccountRegister:
        """The register, read anew after each change of its file."""
        stamp = file_stamp(register_path(self._workspace))
        with self._reading:
            if self._register is None or stamp != self._stamp:
                self._register, self._stamp = open_register(self._workspace), stamp
            return self._register
