"""The access log: who read what, with the result. An entry is on disk before rows are returned; without it none are.

A session writes its entries to a file, and commits them to `governance.access_log` by the hundred and at its end: a commit
per query would double the time of a short one and create one table file each. Each entry has the hash of the one before it.
"""

import fcntl
import json
import os
import pwd
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.core.clock import MICROSECOND, Clock
from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.core.names import new_run_id, sha256
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.append_file import append_whole
from lakeward.flows.serving.entry_copies import EntryCopies, session_txn
from lakeward.flows.serving.quotas import RowQuota
from lakeward.protection.log_entries import FIRST_PREV, HASH, PREV, entry_hash, keyed_text_hash

# Entries per commit: at one query a second, less than two minutes of entries are uncommitted.
COMMIT_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRead:
    """One read, as the log states it.

    Args:
        text: The query, or the command with its arguments; the log keeps only its keyed hash.
        objects: Tables that were read, as `layer.name`; of a refused read none.
        verdict: `allowed`, `refused` or `failed`; `started` of rows that leave one after the other, before the first of them.
        rows, bytes_out: What left; bytes are None if they were not measured.
        rows_charged: Rows that count for a quota, where values of several rows left as one; None for `rows`.
        elapsed_us: Microseconds until the rows were ready; None for the time since `asked_at`.
        versions: Table -> its newest Delta version when the rows were ready.
        columns: `layer.table.column` -> action, grade and level, separated by blanks.
        answer_digest: Digest of the answer; None if none was taken.
        export_id: Id of the export that the rows leave with; None for a read.
    """

    text: str
    asked_at: datetime
    verdict: str
    code: str | None = None
    objects: Collection[str] = ()
    rows: int = 0
    bytes_out: int | None = None
    rows_charged: int | None = None
    elapsed_us: int | None = None
    versions: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    answer_digest: str | None = None
    export_id: str | None = None


@dataclass(kw_only=True)
class AccessLog:
    """The entries of one session.

    Args:
        policy, policy_version: Text and edition of the policy.
        text_key: Key of the hashes of texts; None for none.
        folder: Folder of the entries that are not committed yet.
        principal: The account whose token was verified; None for none.
        purpose, consumer: Purpose of the session, and the party that it reads for; None for none.
        quota: Rows that the account may read; None for no limit.
        copies: Where each entry is stored before rows leave, besides the folder: of a lake in an object store; None for a folder.
        seq, prev: Number and hash of the last entry.
    """

    engine: Engine
    clock: Clock
    role: str
    policy: str
    policy_version: str | None = None
    key_id: str | None
    text_key: bytes | None = field(default=None, repr=False)
    folder: Path
    principal: str | None = None
    purpose: str | None = None
    consumer: str | None = None
    quota: RowQuota | None = None
    copies: EntryCopies | None = None
    session_id: str = field(default_factory=new_run_id)
    seq: int = 0
    prev: str = FIRST_PREV
    pending: list[dict[str, Any]] = field(default_factory=list)
    file: int | None = None

    def write(
        self, text: str, asked_at: datetime, objects: Collection[str], *, rows: int = 0, verdict: str, code: str | None = None
    ) -> None:
        """Write the entry of a read without versions, columns and bytes; see `record`."""
        self.record(LoggedRead(text=text, asked_at=asked_at, objects=objects, rows=rows, verdict=verdict, code=code))

    def record(self, read: LoggedRead) -> None:
        """Write one entry; it is on disk on return.

        Raises:
            ProtectionError: The rows exceed the quota of the account; the entry says so. A read of a table counts as one row at least:
                an empty answer and a failure say something of its values, too.
            StoreConflictError: Write conflicts continued after all retries; the entry stays on disk.
            MachineError: The lake can't be written.
        """
        if self.quota and self.quota.limits and read.verdict != "refused":
            charged = max(_rows_counted(read), 1 if read.objects else 0)
            read = replace(read, rows_charged=None if charged == read.rows else charged)
            try:
                if charged:
                    self.quota.charge(charged)
            except ProtectionError as error:
                nothing = {"rows": 0, "bytes_out": 0, "rows_charged": None, "answer_digest": None}
                self.append(replace(read, verdict="refused", code=error.code, **nothing))  # type: ignore[arg-type]
                raise
        self.append(read)

    def check_quota(self, text: str, objects: Collection[str], rows: int = 0) -> None:
        """Check, before a read of tables, that the quota has a row left.

        Args:
            rows: Rows to charge at once, besides those of the entry: of a statement that runs before its rows are fetched.

        Raises:
            ProtectionError: It has none; the entry says so.
        """
        try:
            if self.quota and objects:
                self.quota.check()
                self.quota.charge(rows)
        except ProtectionError as error:
            self.write(text, self.clock.now(), objects, verdict="refused", code=error.code)
            raise

    def append(self, read: LoggedRead) -> None:
        """Write one entry without a charge; it is on disk on return.

        Raises:
            StoreConflictError: As `record`.
            MachineError: As `record`.
        """
        row = self._session_cells() | self._read_cells(read)
        row[HASH] = entry_hash(row)
        self._append_to_file(row)
        self.seq, self.prev = self.seq + 1, row[HASH]
        self.pending.append(row)
        if len(self.pending) >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Commit pending entries to `governance.access_log`.

        Raises:
            StoreConflictError: Others kept committing first.
        """
        if self.file is not None:
            entries = self.copies.uncommitted_entries(self.engine, self.session_id, self.pending) if self.copies else self.pending
            governance.append_rows(self.engine, "access_log", entries, session_txn(self.session_id, self.seq))
            self.pending.clear()
            os.ftruncate(self.file, 0)
            if self.copies:
                self.copies.delete(self.session_id)

    def close(self) -> None:
        """Commit pending entries and delete the session's file."""
        if self.file is not None:
            self.commit()
            self._path.unlink()
            os.close(self.file)
            self.file = None

    def _session_cells(self) -> dict[str, Any]:
        return {
            "session_id": self.session_id,
            "seq": self.seq + 1,
            PREV: self.prev,
            "account": current_account(),
            "principal": self.principal,
            "verified": self.principal is not None,
            "role": self.role,
            "purpose": self.purpose,
            "consumer": self.consumer,
            "policy_sha256": sha256(self.policy.encode()),
            "policy_version": self.policy_version,
            "key_id": self.key_id,
        }

    def _read_cells(self, read: LoggedRead) -> dict[str, Any]:
        logged_at = self.clock.now()
        elapsed = (logged_at - read.asked_at) // MICROSECOND if read.elapsed_us is None else read.elapsed_us
        return {
            "query_sha256": "",
            "query_hmac": self._keyed(read.text),
            "objects": json.dumps(sorted(read.objects)),
            "versions": json.dumps(read.versions, sort_keys=True) if read.versions else None,
            "columns": json.dumps(read.columns, sort_keys=True, ensure_ascii=False) if read.columns else None,
            "verdict": read.verdict,
            "code": read.code,
            "rows_out": read.rows,
            "rows_charged": read.rows_charged,
            "bytes_out": read.bytes_out,
            "elapsed_us": max(elapsed, 0),
            # A hash of a short answer alone can be guessed.
            "answer_digest": self._keyed(read.answer_digest) if read.answer_digest else None,
            "export_id": read.export_id,
            "asked_at": read.asked_at,
            "logged_at": logged_at,
        }

    def _keyed(self, text: str) -> str | None:
        return keyed_text_hash(self.text_key, text) if self.text_key else None

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.session_id}.jsonl"

    def _append_to_file(self, row: Mapping[str, Any]) -> None:
        """Append one line; after a failure the file ends with the line before it."""
        try:
            if self.file is None:
                self.file = self._open_file()
            append_whole(self.file, (json.dumps(row, default=datetime.isoformat) + "\n").encode())
            if self.copies:
                self.copies.write(self.session_id, self._path.read_bytes())
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


def _rows_counted(read: LoggedRead) -> int:
    return read.rows if read.rows_charged is None else read.rows_charged


def current_account() -> str:
    """Name of the operating system's user, or its number if it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def log_verdict(error: LakewardError | None) -> str:
    """The log's verdict of an allowed query."""
    return "allowed" if error is None else "failed"
