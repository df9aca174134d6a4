"""The access log: who queried what, with the result. An entry is on disk before rows are returned; without it none are.

A session writes its entries to a file, and commits them to `governance.access_log` by the hundred and at its end: a commit
per query would double the time of a short one and create one table file each. The next session commits the entries of a killed
one.
"""

import fcntl
import json
import os
import pwd
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.core.clock import Clock
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.names import new_run_id, sha256
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance

# Entries per commit: at one query a second, less than two minutes of entries are uncommitted.
COMMIT_EVERY = 100
TIMES = ("asked_at", "logged_at")


@dataclass(kw_only=True)
class AccessLog:
    """The entries of one session.

    Args:
        policy: Text of the policy.
        folder: Folder of the entries that are not committed yet.
        principal: The account whose token was verified; None for none.
        seq: Number of entries so far.
    """

    engine: Engine
    clock: Clock
    role: str
    policy: str
    key_id: str | None
    folder: Path
    principal: str | None = None
    session_id: str = field(default_factory=new_run_id)
    seq: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)
    file: int | None = None

    def write(
        self, text: str, asked_at: datetime, objects: Collection[str], *, rows: int = 0, verdict: str, code: str | None = None
    ) -> None:
        """Write one entry; it is on disk on return.

        Raises:
            StoreConflictError: Write conflicts continued after all retries; the entry stays on disk.
            MachineError: The lake can't be written.
        """
        self.seq += 1
        row = {
            "session_id": self.session_id,
            "seq": self.seq,
            "account": current_account(),
            "role": self.role,
            "query_sha256": sha256(text.encode("utf-8", "surrogatepass")),
            "objects": json.dumps(sorted(objects)),
            "verdict": verdict,
            "code": code,
            "rows_out": rows,
            "policy_sha256": sha256(self.policy.encode()),
            "key_id": self.key_id,
            "asked_at": asked_at,
            "logged_at": self.clock.now(),
            "principal": self.principal,
            "verified": self.principal is not None,
        }
        self._append_to_file(row)
        self.pending.append(row)
        if len(self.pending) >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Commit pending entries to `governance.access_log`.

        Raises:
            StoreConflictError: Others kept committing first.
        """
        if self.file is not None:
            governance.append_rows(self.engine, "access_log", self.pending, _txn(self.session_id, self.seq))
            os.ftruncate(self.file, 0)
            self.pending.clear()

    def close(self) -> None:
        """Commit pending entries and delete the session's file."""
        if self.file is not None:
            self.commit()
            self._path.unlink()
            os.close(self.file)
            self.file = None

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.session_id}.jsonl"

    def _append_to_file(self, row: Mapping[str, Any]) -> None:
        try:
            if self.file is None:
                self.file = self._open_file()
            os.write(self.file, (json.dumps(row, default=datetime.isoformat) + "\n").encode())
            os.fsync(self.file)
        except OSError as error:
            raise MachineError("lake_not_writable", lake=self.folder.parent) from error

    def _open_file(self) -> int:
        """The session's file, locked during the session; it gets its name only after it is locked."""
        self.folder.mkdir(exist_ok=True)
        draft = self.folder / f".{self.session_id}"
        file = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        draft.rename(self._path)
        return file


def commit_abandoned_entries(engine: Engine, folder: Path) -> None:
    """Commit the entries of killed sessions.

    Raises:
        StoreConflictError: Others kept committing first.
    """
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            if not _is_abandoned(file.fileno()):
                continue
            entries = list(_read_entries(file))
            last_seq = engine.txn(governance.table_spec("access_log").name, _txn(path.stem, 0).app)
            rows = [row for row in entries if row["seq"] > last_seq]
            if rows:
                governance.append_rows(engine, "access_log", rows, _txn(path.stem, rows[-1]["seq"]))
            path.unlink(missing_ok=True)


def _txn(session_id: str, seq: int) -> Txn:
    return Txn(f"access/{session_id}", seq)


def _is_abandoned(file: int) -> bool:
    """Whether the session of this file has ended: the operating system releases its lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_entries(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The entries of a file; a truncated last line belongs to a query that returned no rows."""
    for line in lines:
        if line.endswith(b"\n"):
            row = {"principal": None, "verified": None} | json.loads(line)  # of a session of before there were accounts
            yield row | {name: datetime.fromisoformat(row[name]) for name in TIMES}


def current_account() -> str:
    """Name of the operating system's user, or its number if it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def log_verdict(error: LakewardError | None) -> str:
    """The log's verdict of an allowed query."""
    return "allowed" if error is None else "failed"
