"""The sessions of callers: each has its reader, its part of the access log and its quota. A session ends with what it rests on."""

import hashlib
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.server.failed_logins import FailedLogins
from lakeward.flows.server.faults import LOG, is_away, is_public
from lakeward.flows.server.freshness import Freshness
from lakeward.flows.server.identity import Caller
from lakeward.flows.serving.access import AccessLog, LoggedRead
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.flows.serving.reading_purpose import SessionWatch

# Seconds between two commits of entries, which are on disk long before.
_COMMIT_SECONDS = 30.0
# What a row filter calls the account of its reader.
_ACCOUNT = "$account"


@dataclass(slots=True, kw_only=True)
class ReaderSession:
    """One caller in one role and purpose.

    Args:
        stamp: Stamp of what answers depend on, at its opening.
        account: Name that row filters compare; None where none does.
        users: Calls that use it now.
    """

    workspace: Workspace
    engine: Engine
    reader: Reader
    log: AccessLog
    watch: SessionWatch
    stamp: str
    account: str | None
    next_change: datetime | None
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    committed_at: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """Name of the account."""
        return self.reader.identity.name

    def check(self) -> None:
        """Check that token, purpose and policy still hold.

        Raises:
            ProtectionError: One does not.
        """
        with self.lock:
            self.watch.check(self.workspace.clock.now(), self.next_change)

    def check_quota(self) -> None:
        """Check, before anything runs, that the quota has a row left.

        Raises:
            ProtectionError: It has none.
        """
        with self.lock:
            if self.log.quota:
                self.log.quota.check()

    def charge(self, rows: int) -> None:
        """Charge rows that are about to leave.

        Raises:
            ProtectionError: They exceed the quota.
        """
        with self.lock:
            if rows and self.log.quota:
                self.log.quota.charge(rows)

    def record(self, read: LoggedRead) -> None:
        """Charge and write one entry: see `AccessLog.record`."""
        with self.lock:
            self.log.record(read)

    def append(self, read: LoggedRead) -> None:
        """Write one entry whose rows are charged already: see `AccessLog.append`."""
        with self.lock:
            self.log.append(read)

    def refuse(self, text: str, code: str, objects: Collection[str] = ()) -> None:
        """Write the entry of a statement that did not run."""
        with self.lock:
            self.log.write(text, self.workspace.clock.now(), objects, verdict="refused", code=code)

    def commit(self) -> None:
        """Commit entries that wait for it."""
        with self.lock:
            if self.log.pending:
                self.log.commit()
        self.committed_at = time.monotonic()

    def close(self) -> None:
        """End the session."""
        with self.lock:
            try:
                self.log.close()
            finally:
                self.engine.close()


class ReaderSessions:
    """All sessions, by token, role and purpose.

    Args:
        workspace: With one database for all of them.
        settings: Those of the server; a session has the token of its caller.
    """

    def __init__(self, workspace: Workspace, settings: Settings, freshness: Freshness) -> None:
        self._workspace, self._settings, self._freshness = workspace, settings, freshness
        self._lock, self._failed = threading.Lock(), FailedLogins()
        self._sessions: dict[tuple[str, str | None, str | None], ReaderSession] = {}
        self._retired: list[ReaderSession] = []

    def authenticate(self, caller: Caller) -> None:
        """Check the token of a caller, who opens no session.

        Raises:
            ProtectionError: It is not valid; in the same words whatever is wrong with it.
        """
        settings = replace(self._settings, token=caller.token)
        try:
            identity = identify(open_workspace(settings), caller.name)
        except LakewardError as error:
            LOG.info("refused: %s", error.code)
            if is_away(error):
                raise
            self._failed.wait()
            raise ProtectionError("server_unauthenticated") from None
        if not identity.verified:
            raise ProtectionError("server_unauthenticated")

    def take(self, caller: Caller) -> ReaderSession:
        """The session of a caller, to be given back by `give_back`.

        Raises:
            ProtectionError: The token is not valid, or the account has not the role or the purpose.
            MachineError: The lake was moved, or a dataset renamed, since the server was started.
        """
        key = (hashlib.sha256(f"{caller.name}\0{caller.token}".encode()).hexdigest(), caller.role, caller.purpose)
        session = self._standing(key)
        if session is None:
            self.authenticate(caller)
            session = self._keep(key, self._open(caller))
        return session

    def give_back(self, session: ReaderSession) -> None:
        """A call has ended."""
        with self._lock:
            session.users -= 1
            session.last_used = time.monotonic()

    def sweep(self, idle_seconds: float) -> None:
        """Commit waiting entries, and close what is retired or idle."""
        now = time.monotonic()
        with self._lock:
            for key, session in list(self._sessions.items()):
                if not session.users and now - session.last_used > idle_seconds:
                    self._retire(key)
            closed = [session for session in self._retired if not session.users]
            self._retired = [session for session in self._retired if session.users]
            open_ = list(self._sessions.values())
        for session in closed:
            _log_fault(session.close)
        for session in open_:
            if now - session.committed_at > _COMMIT_SECONDS:
                _log_fault(session.commit)

    def close(self) -> None:
        """Close every session, also those that are in use: at the end of the server."""
        with self._lock:
            sessions = [*self._sessions.values(), *self._retired]
            self._sessions.clear()
            self._retired.clear()
        for session in sessions:
            _log_fault(session.close)

    def _standing(self, key: tuple[str, str | None, str | None]) -> ReaderSession | None:
        """The open session, if all that it rests on is as it was."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            session.users += 1
        try:
            session.check()
            if session.stamp == self._freshness.stamp():
                return session
        except LakewardError as error:
            LOG.info("session of %s ended: %s", session.name, error.code)
        self.give_back(session)
        with self._lock:
            if self._sessions.get(key) is session:
                self._retire(key)
        return None

    def _keep(self, key: tuple[str, str | None, str | None], made: ReaderSession) -> ReaderSession:
        """The session for this key: another call may have been first."""
        with self._lock:
            session = self._sessions.setdefault(key, made)
            session.users += 1
            if session is not made:
                self._retired.append(made)
        return session

    def _retire(self, key: tuple[str, str | None, str | None]) -> None:
        self._retired.append(self._sessions.pop(key))

    def _open(self, caller: Caller) -> ReaderSession:
        stamp = self._freshness.stamp()  # before all that is read of it
        settings = replace(self._settings, token=caller.token, purpose=None)
        workspace = replace(open_workspace(settings), pool=self._workspace.pool)
        if workspace.lake != self._workspace.lake:  # the shared database has the place and the names of before
            is_renamed = workspace.lake.names != self._workspace.lake.names
            raise MachineError("session_renamed" if is_renamed else "session_lake_moved")
        reader, _ = resolve_reader(workspace, caller.role, caller.purpose)
        filters = [text for one in workspace.project.valid_contracts().values() for text in one.row_filters.values()]
        assert workspace.pool is not None
        engine = workspace.pool.open("embedded")
        return ReaderSession(
            workspace=workspace,
            engine=engine,
            reader=reader,
            log=reader.open_log(workspace, engine),
            watch=SessionWatch(workspace, engine, reader.identity, reader.purpose),
            stamp=stamp,
            account=reader.identity.name if any(_ACCOUNT in text for text in filters) else None,
            next_change=reader.principal.policy.next_change(reader.principal.request),
        )


def _log_fault(action: Callable[[], None]) -> None:
    try:
        action()
    except LakewardError as error:
        LOG.error("%s", error.code if is_public(error) else f"{error.code}: the entries stay on disk")
