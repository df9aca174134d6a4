"""Sessions of the portal and failed log-ins, in one SQLite file beside the read model. Of a session only the hash of its id is stored."""

import hashlib
import json
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from lakeward.core.errors import MachineError
from lakeward.flows.base.answers import fields_of
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
# Hex digits of a session's stored id that name it on a page: they prove nothing.
_NUMBER_DIGITS = 12
# In place of a name: a note that tries of an address were refused without a look at the password.
_LIMITED = "-"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session of the portal, as an admin sees it.

    Args:
        number: Names the session; it proves nothing.
        account: Name of its account.
        started_at: Time of the log-in.
        seen_at: Time of the last request, to half a minute.
    """

    number: str
    account: str
    started_at: datetime
    seen_at: datetime

    def as_dict(self) -> dict[str, object]:
        """`number, account, started_at, seen_at`."""
        return fields_of(self)


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

    def open_sessions(self, now: datetime) -> list[OpenSession]:
        """The sessions that have not ended by time, the newest first."""
        query = "SELECT id, account, started, seen FROM sessions WHERE seen > ? AND started > ? ORDER BY started DESC"
        at = now.timestamp()
        with self._lock:
            rows = self._con.execute(query, (at - IDLE_SECONDS, at - LIFE_SECONDS)).fetchall()
        return [
            OpenSession(number=row[0][:_NUMBER_DIGITS], account=row[1], started_at=_time(row[2]), seen_at=_time(row[3]))
            for row in rows
        ]

    def end_number(self, number: str) -> str | None:
        """End the session that this number names; returns its account, or None if there is no such session."""
        with self._lock:
            query = "DELETE FROM sessions WHERE substr(id, 1, ?) = ? RETURNING account"
            rows = self._con.execute(query, (_NUMBER_DIGITS, number)).fetchall()
        return str(rows[0][0]) if rows else None

    def note_attempt(self, account: str, address: str, now: datetime) -> bool:
        """Note a log-in before it is tried: it counts as failed until `forget_failures`, so that tries at once count too.

        Returns:
            Whether it may be tried: not after too many failures of this name or from this address.
        """
        at, name = now.timestamp(), _name_key(account)
        counts = "SELECT count(*) FILTER (WHERE account = ?), count(*) FILTER (WHERE address = ? AND account <> ?) FROM failures"
        with self._lock:
            self._con.execute("DELETE FROM failures WHERE at <= ?", (at - FAILURE_SECONDS,))
            of_name, of_address = self._con.execute(counts, (name, address, _LIMITED)).fetchone()
            if of_name >= FAILURES_OF_NAME or of_address >= FAILURES_OF_ADDRESS:
                return False
            self._con.execute("INSERT INTO failures VALUES (?, ?, ?)", (name, address, at))
        return True

    def note_limited(self, address: str, now: datetime) -> bool:
        """Note that a try of this address was refused without a look; whether it is the first within `FAILURE_SECONDS`."""
        with self._lock:
            found = self._con.execute("SELECT 1 FROM failures WHERE account = ? AND address = ?", (_LIMITED, address)).fetchone()
            if found is None:
                self._con.execute("INSERT INTO failures VALUES (?, ?, ?)", (_LIMITED, address, now.timestamp()))
        return found is None

    def forget_failures(self, account: str) -> None:
        """Forget the failures of a name that has logged in."""
        with self._lock:
            self._con.execute("DELETE FROM failures WHERE account = ?", (_name_key(account),))


def credential_of(account: Account) -> str:
    """What a session is started with: another password, token, role, purpose or party ends it."""
    parts = (account.password_hash, account.token_sha256, account.roles, account.purposes, account.party)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _stored_id(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _name_key(account: str) -> str:
    """A typed name may be a password by mistake: only its hash is stored."""
    return hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()
