"""The rows of one statement on their way from the worker to the client: limits, quota, and entries in the access log."""

import hashlib
import json
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import flight

from lakeward.contracts.server_limits import ServerLimits
from lakeward.core.errors import LakewardError, MachineError, ProtectionError, TransientError
from lakeward.core.names import new_run_id
from lakeward.flows.server.faults import LOG, is_away, is_public, unpack_error
from lakeward.flows.server.running import RunningStatement
from lakeward.flows.server.sessions import ReaderSession
from lakeward.flows.server.statement_facts import StatementFacts, read_facts
from lakeward.flows.server.worker_process import Worker
from lakeward.flows.serving.access import LoggedRead
from lakeward.serving.flight_sql.messages import Statement

_MEGABYTE = 1_000_000
# Seconds for the check of a statement.
_CHECK_SECONDS = 30.0
# Form of the digest of an answer: of its batches, as Arrow writes them.
_FORM = "flight"
# A failure's kind, which is no text of its own.
_WORD = re.compile(r"[A-Za-z]*")

TakeObjects = Callable[[tuple[str, ...]], None]


class _Batch(NamedTuple):
    """Rows, and the number that is charged for all rows so far."""

    rows: pa.RecordBatch
    charged: int


def check_statement(worker: Worker, statement: Statement) -> tuple[StatementFacts, pa.Schema | None]:
    """Check a statement, and name its columns; no row is read.

    Raises:
        LakewardError: It is refused.
    """
    with worker_faults(worker):
        facts, schema = worker.call("check", _body(statement), _CHECK_SECONDS)
    return read_facts(facts), pa.ipc.read_schema(pa.py_buffer(schema)) if schema else None


class StatementStream:
    """The rows of one statement."""

    def __init__(self, session: ReaderSession, statement: Statement, running: RunningStatement, limits: ServerLimits) -> None:
        self._session, self._statement, self._running, self._limits = session, statement, running, limits
        self._facts, self._is_checked, self._has_started, self._is_logged = StatementFacts(), False, False, False
        self._asked_at, self._begin = session.workspace.clock.now(), time.perf_counter_ns()
        self._rows = self._bytes = self._charged = self._elapsed = 0
        self._digest = hashlib.sha256()

    def batches(self) -> Iterator[Any]:
        """The schema, then the batches; an entry is on disk before the first of them is handed out.

        Raises:
            LakewardError: The statement failed or was stopped: it ends in an error, and never with fewer rows.
        """
        verdict, code = "failed", "query_abandoned"
        try:
            yield self._open()
            yield from self._send()
            verdict, code = "allowed", ""
        except LakewardError as error:
            code = error.code
            verdict = "failed" if self._is_checked and not code.startswith("quota_") else "refused"
            raise
        finally:
            self._running.end()
            if not self._is_logged:
                self._log_end(verdict, code or None)

    def _open(self) -> pa.Schema:
        ticket = {"id": self._running.number, **_body(self._statement)}
        with self._faults():
            reader = self._running.worker.client.do_get(flight.Ticket(json.dumps(ticket).encode()))
            self._running.reader = reader
            schema = reader.schema
            self._facts = read_facts(reader.read_chunk().app_metadata.to_pybytes())
            self._is_checked = True
        return schema

    def _send(self) -> Iterator[pa.RecordBatch]:
        batch, after = self._next(), self._next()
        self._elapsed = (time.perf_counter_ns() - self._begin) // 1000
        if after is None:
            if batch:
                self._check_limits(batch)
                self._count(batch)
            self._check_session()
            self._is_logged = True
            self._session.record(self._entry("allowed", None))
            if batch:
                yield batch.rows
            return
        self._session.append(replace(self._entry("started", None), answer_digest=None))
        self._has_started = True
        while batch is not None:
            self._check_session()
            self._check_limits(batch)
            self._session.charge(batch.charged - self._charged)
            self._count(batch)
            with self._sending():
                yield batch.rows
            batch, after = after, self._next() if after else None

    def _check_session(self) -> None:
        """Check that token, purpose and policy still hold: an answer may take minutes.

        Raises:
            ProtectionError: One does not.
        """
        try:
            self._session.check()
        except LakewardError as error:
            raise error if is_public(error) or is_away(error) else ProtectionError("server_unauthenticated") from None

    def _next(self) -> _Batch | None:
        with self._faults():
            try:
                rows, charged = self._running.reader.read_chunk()  # type: ignore[union-attr]
            except StopIteration:
                # What ends after an interrupt is not known to be whole.
                if stop_error := self._running.stop_error():
                    raise stop_error from None
                return None
        return _Batch(rows, int(charged.to_pybytes()))

    def _check_limits(self, batch: _Batch) -> None:
        """Check that the answer may become so large.

        Raises:
            ProtectionError: It may not.
        """
        if self._rows + batch.rows.num_rows > self._limits.rows:
            raise ProtectionError("limit_rows", expected=self._limits.rows)
        if self._bytes + batch.rows.nbytes > self._limits.megabytes * _MEGABYTE:
            raise ProtectionError("limit_megabytes", expected=self._limits.megabytes)

    def _count(self, batch: _Batch) -> None:
        """Count rows that are about to leave."""
        self._rows += batch.rows.num_rows
        self._bytes += batch.rows.nbytes
        self._charged = batch.charged
        if self._facts.has_digest:
            self._digest.update(batch.rows.serialize())

    @contextmanager
    def _sending(self) -> Iterator[None]:
        self._running.is_sending = True
        try:
            yield
        finally:
            self._running.is_sending = False
        if stopped := self._running.stop_error():
            raise stopped

    @contextmanager
    def _faults(self) -> Iterator[None]:
        with worker_faults(self._running.worker, self._take_objects):
            try:
                yield
            except (flight.FlightError, pa.ArrowException, OSError):
                if stopped := self._running.stop_error():
                    self._is_checked = True  # it ran
                    raise stopped from None
                raise

    def _take_objects(self, objects: tuple[str, ...]) -> None:
        if not self._is_checked:
            self._facts, self._is_checked = replace(self._facts, objects=objects), True

    def _entry(self, verdict: str, code: str | None) -> LoggedRead:
        is_whole = verdict == "allowed" and self._facts.has_digest
        return LoggedRead(
            text=self._statement.text,
            asked_at=self._asked_at,
            verdict=verdict,
            code=code,
            objects=() if verdict == "refused" else self._facts.objects,
            rows=self._rows,
            bytes_out=self._bytes,
            rows_charged=None if self._charged == self._rows else self._charged,
            elapsed_us=self._elapsed or None,
            versions=self._facts.versions,
            columns=self._facts.columns,
            answer_digest=f"{_FORM}:{self._digest.hexdigest()}" if is_whole else None,
        )

    def _log_end(self, verdict: str, code: str | None) -> None:
        """Write the last entry. Without it an answer that seems whole ends in an error."""
        self._is_logged = True
        try:
            write = self._session.append if self._has_started else self._session.record
            write(self._entry(verdict, code))
        except LakewardError as error:
            if verdict == "allowed":
                raise
            LOG.error("entry of a statement: %s", error.code)


@contextmanager
def worker_faults(worker: Worker, take_objects: TakeObjects | None = None) -> Iterator[None]:
    """Translate failures of calls to a worker.

    Args:
        take_objects: Called with the tables of a statement that was checked, and then failed.

    Raises:
        LakewardError: The worker's own error, or that it was lost.
    """
    try:
        yield
    except (flight.FlightError, pa.ArrowException, OSError) as error:
        raise _translate(worker, error, take_objects) from None


def _translate(worker: Worker, error: BaseException, take_objects: TakeObjects | None) -> LakewardError:
    found = unpack_error(getattr(error, "extra_info", b"") or b"")
    if found:
        objects = found[1].get("objects")
        if take_objects and isinstance(objects, list):
            take_objects(tuple(objects))
        if found[0].code == "query_engine_broken":
            worker.kill()
        return found[0]
    if isinstance(error, flight.FlightTimedOutError):
        worker.kill()
        return ProtectionError("limit_seconds", expected=int(_CHECK_SECONDS))
    if isinstance(error, flight.FlightInternalError) and worker.is_alive:
        number = new_run_id()
        LOG.error("%s worker: %s", number, (_WORD.match(str(error)) or [""])[0])
        return MachineError("server_internal", id=number)
    return TransientError("server_worker_lost")


def _body(statement: Statement) -> dict[str, str | None]:
    return {"text": statement.text, "values": b64encode(statement.values).decode() if statement.values else None}
