"""The access log: who read what, with the result. An entry is on disk before rows are returned; without it none are."""

import json
import os
import pwd
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lakeward.core.clock import MICROSECOND
from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.core.names import sha256
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.serving.quotas import RowQuota
from lakeward.flows.serving.session_entries import SessionEntries
from lakeward.protection.log_entries import keyed_text_hash


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
class AccessLog(SessionEntries):
    """The entries of one session of a reader.

    Args:
        policy, policy_version: Text and edition of the policy.
        text_key: Key of the hashes of texts; None for none.
        principal: The account whose token was verified; None for none.
        purpose, consumer: Purpose of the session, and the party that it reads for; None for none.
        quota: Rows that the account may read; None for no limit.
    """

    engine: Engine
    role: str
    policy: str
    policy_version: str | None = None
    key_id: str | None
    text_key: bytes | None = field(default=None, repr=False)
    principal: str | None = None
    purpose: str | None = None
    consumer: str | None = None
    quota: RowQuota | None = None

    def committing_engine(self) -> AbstractContextManager[Engine]:
        """The engine of the session, which stays open.

        Raises:
            MachineError: The lake is closed: it was moved, or a newer version wrote it.
        """
        governance.check_schema_version(self.engine)
        return nullcontext(self.engine)

    def check_lake(self) -> None:
        """Check that the lake was not moved since the session was opened.

        Raises:
            MachineError: It was, or a newer version wrote it.
        """
        try:
            governance.check_schema_version(self.engine)
        except MachineError as error:
            raise MachineError("session_lake_moved") if error.code == "lake_moved" else error from None

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
            MachineError: The lake can't be written, or was moved since the session was opened: then no row may leave.
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
        self.append_cells(self._session_cells() | self._read_cells(read))

    def _session_cells(self) -> dict[str, Any]:
        return {
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
            "event": None,
            "subject": None,
            "address": None,
            "asked_at": read.asked_at,
            "logged_at": logged_at,
        }

    def _keyed(self, text: str) -> str | None:
        return keyed_text_hash(self.text_key, text) if self.text_key else None


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
