"""Log-ins to the portal in the access log: its own chain, with an entry on disk before the answer. No password and no typed name is in it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from lakeward.core.errors import MachineError
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base.governance import check_schema_version
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.access import current_account
from lakeward.flows.serving.entry_copies import ACCESS_FOLDER, EntryCopies
from lakeward.flows.serving.session_entries import SessionEntries

# Role of an entry that is no read: log-ins are of an account with all its roles.
NO_ROLE = ""
# Seconds that entries may wait for their commit.
COMMIT_SECONDS = 60.0


class LoginEvent(StrEnum):
    """What an entry of the portal is about."""

    LOGIN = "login"
    LOGOUT = "logout"
    PASSWORD = "password"  # noqa: S105 -- a kind of entry
    SESSION_END = "session_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginEntry:
    """One log-in, log-out, change of a password, or end of a session by an admin.

    Args:
        principal: Account that a password or a session proved; None where nothing did.
        subject: Account that it is about; None where no such account exists, for what was typed may be a password.
        address: Address of the client.
        code: Message code of why it was refused; None where it was allowed.
    """

    event: LoginEvent
    principal: str | None
    subject: str | None
    address: str
    code: str | None = None


class LoginLog(SessionEntries):
    """The chain of one portal; its threads write to it one at a time."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(clock=workspace.clock, folder=workspace.files / ACCESS_FOLDER, copies=EntryCopies.of(workspace.lake))
        self._workspace, self._lock, self._committed_at = workspace, Lock(), time.monotonic()

    @contextmanager
    def committing_engine(self) -> Iterator[Engine]:
        """An engine for one commit.

        Raises:
            MachineError: The lake is closed: its entries lie in the lake that it was moved to.
        """
        settings = self._workspace.settings
        with closing(open_engine("embedded", self._workspace.lake, settings.memory)) as engine:
            check_schema_version(engine)
            yield engine

    def check_lake(self) -> None:
        """Check that the project still names this lake, and that it is open.

        Raises:
            MachineError: It was moved, or a newer version wrote it.
            SettingsError: `project.yaml` is not valid.
        """
        if open_workspace(self._workspace.settings).lake != self._workspace.lake:
            raise MachineError("login_lake_moved")
        with self.committing_engine():
            pass

    def record(self, entry: LoginEntry) -> None:
        """Write one entry; it is on disk on return, in the lake that the project names.

        Raises:
            StoreConflictError: Others kept committing first; the entry stays on disk.
            MachineError: The lake can't be written, or was moved.
            SettingsError: `project.yaml` is not valid.
        """
        with self._lock:
            self.check_lake()
            self.append_cells(self._cells(entry))

    def commit_waiting(self, seconds: float = COMMIT_SECONDS) -> None:
        """Commit the entries if the last commit is so many seconds ago.

        Raises:
            StoreConflictError: Others kept committing first.
        """
        with self._lock:
            if self.pending and time.monotonic() - self._committed_at >= seconds:
                self.commit()
                self._committed_at = time.monotonic()

    def close(self) -> None:
        """Commit the entries and delete the chain's file."""
        with self._lock:
            super().close()

    def _cells(self, entry: LoginEntry) -> dict[str, object]:
        now = self.clock.now()
        nothing = ("purpose", "consumer", "policy_version", "key_id", "query_hmac", "versions", "columns", "rows_charged")
        return {
            "account": current_account(),
            "principal": entry.principal,
            "verified": entry.principal is not None,
            "role": NO_ROLE,
            "policy_sha256": "",
            "query_sha256": "",
            "objects": "[]",
            "verdict": "refused" if entry.code else "allowed",
            "code": entry.code,
            "rows_out": 0,
            "bytes_out": None,
            "elapsed_us": None,
            "answer_digest": None,
            "export_id": None,
            "event": str(entry.event),
            "subject": entry.subject,
            "address": entry.address,
            "asked_at": now,
            "logged_at": now,
            **dict.fromkeys(nothing),
        }
