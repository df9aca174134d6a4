"""Sessions of the portal and failed log-ins, in one SQLite file beside the read model. Of a session only the hash of its id is stored."""

import hashlib
import json
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from lakeward.core.errors import MachineError
from lakeward.protection.accounts import Account, AccountState
from lakeward.protection.register import AccountRegister

# The portal's folder in a project.
PORTAL_FOLDER = Path(".lakeward") / "portal"
FILE = "state.sqlite"
# Seconds: without a request, and from the log-in on.
IDLE_SECONDS, LIFE_SECONDS = 30 * 60, 12 * 60 * 60
# Failed log-ins within this time, of one name and of one address, after which no more are tried.
FAILURE_SECONDS, FAILURES_OF_NAME, FAILURES_OF_ADDRESS = 15 * 60, 5, 50
# Seconds between two notes of a session's last request: a page is no reason to write.
NOTE_SECONDS = 30
SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, account TEXT NOT NULL, credential TEXT NOT NULL, form_token TEXT NOT NULL,
  started REAL NOT NULL, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS failures(account TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS failures_at ON failures(at);
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has not ended.

    Args:
        account: Name of its account.
        credential: Fingerprint of what the account was at the log-in; the session ends when it changes.
        form_token: Token that its forms carry, so that no other site's form is taken for one of them.
    """

    account: str
    credential: str
    form_token: str = field(repr=False)


class SessionStore:
    """The open file.

    Raises:
        MachineError: The file can't be written.
    """

    def __init__(self, folder: Path) -> None:
        file = folder / FILE
        try:
            os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            file.chmod(0o600)
            self._con = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._con.execute("PRAGMA journal_mode = WAL")
            self._con.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise MachineError("portal_folder_not_writable", folder=folder, found=str(error)) from None
        self._lock = Lock()

    def close(self) -> None:
        """Close the file; the sessions stay."""
        self._con.close()

    def start(self, account: str, credential: str, now: datetime) -> str:
        """Start a session; returns its id, which is stored nowhere."""
        name, at = secrets.token_urlsafe(32), now.timestamp()
        row = (_stored_id(name), account, credential, secrets.token_urlsafe(32), at, at)
        with self._lock:
            self._con.execute("DELETE FROM sessions WHERE seen < ? OR started < ?", (at - IDLE_SECONDS, at - LIFE_SECONDS))
            self._con.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        return name

    def find(self, name: str, now: datetime) -> Session | None:
        """The session with this id; None if there is none, or it has ended."""
        at, own = now.timestamp(), _stored_id(name)
        with self._lock:
            query = "SELECT account, credential, form_token, started, seen FROM sessions WHERE id = ?"
            row = self._con.execute(query, (own,)).fetchone()
            if row is None or at - row[3] >= LIFE_SECONDS or at - row[4] >= IDLE_SECONDS:
                return None
            if at - row[4] >= NOTE_SECONDS:
                self._con.execute("UPDATE sessions SET seen = ? WHERE id = ?", (at, own))
        return Session(*row[:3])

    def account_of(self, name: str, register: AccountRegister, now: datetime) -> tuple[Account, Session] | None:
        """The account of the session with this id; None if it has ended, also because its account is closed or changed."""
        session = self.find(name, now)
        account = register.account(session.account) if session else None
        if session is None or account is None:
            return None
        if account.state(now) is not AccountState.ACTIVE or credential_of(account) != session.credential:
            self.end(name)
            return None
        return account, session

    def end(self, name: str) -> None:
        """End the session with this id."""
        with self._lock:
            self._con.execute("DELETE FROM sessions WHERE id = ?", (_stored_id(name),))

    def note_attempt(self, account: str, address: str, now: datetime) -> bool:
        """Note a log-in before it is tried: it counts as failed until `forget_failures`, so that tries at once count too.

        Returns:
            Whether it may be tried: not after too many failures of this name or from this address.
        """
        at, name = now.timestamp(), _name_key(account)
        counts = "SELECT count(*) FILTER (WHERE account = ?), count(*) FILTER (WHERE address = ?) FROM failures"
        with self._lock:
            self._con.execute("DELETE FROM failures WHERE at <= ?", (at - FAILURE_SECONDS,))
            of_name, of_address = self._con.execute(counts, (name, address)).fetchone()
            if of_name >= FAILURES_OF_NAME or of_address >= FAILURES_OF_ADDRESS:
                return False
            self._con.execute("INSERT INTO failures VALUES (?, ?, ?)", (name, address, at))
        return True

    def forget_failures(self, account: str) -> None:
        """Forget the failures of a name that has logged in."""
        with self._lock:
            self._con.execute("DELETE FROM failures WHERE account = ?", (_name_key(account),))


def credential_of(account: Account) -> str:
    """What a session is started with: another password, token, role, purpose or party ends it."""
    parts = (account.password_hash, account.token_sha256, account.roles, account.purposes, account.party)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _stored_id(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _name_key(account: str) -> str:
    """A typed name may be a password by mistake: only its hash is stored."""
    return hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()
