"""A statement that runs, and the watch that ends it: over its time, left by its client, or at the end of the server."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
from pyarrow import flight

from lakeward.core.errors import LakewardError, ProtectionError, TransientError
from lakeward.core.names import new_run_id
from lakeward.flows.server.worker_process import Worker

# Seconds between two looks; between an interrupt and the end of the worker that does not obey; and for the interrupt itself.
_LOOK, _GRACE, _INTERRUPT = 0.05, 2.0, 0.5


@dataclass(slots=True, kw_only=True, eq=False)
class RunningStatement:
    """A statement from its start to its last row.

    Args:
        seconds: Time that it may take.
        is_cancelled: Whether the client has gone; not called after the end.
        release: Gives its place back.
        reason: Code of why it is stop_error; None while it runs on.
        is_sending: Whether the client has to take rows before anything more is computed.
    """

    worker: Worker
    seconds: int
    is_cancelled: Callable[[], bool]
    release: Callable[[], None]
    number: str = field(default_factory=new_run_id)
    started_at: float = field(default_factory=time.monotonic)
    reader: flight.FlightStreamReader | None = None
    reason: str | None = None
    stopped_at: float = 0.0
    is_sending: bool = False
    has_ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, *, is_stopping: bool) -> None:
        """Stop it where it has to be stop_error."""
        with self.lock:
            if self.has_ended:
                return
            now = time.monotonic()
            if self.reason is None:
                self.reason, self.stopped_at = self._due(now, is_stopping=is_stopping), now
                if self.reason and self.is_sending:  # the worker waits for the client: only its stream ends
                    self.release()
                    if self.reader:
                        self.reader.cancel()
            elif self.is_sending:
                return
            if self.reason:
                self._interrupt(now)

    def stop_error(self) -> LakewardError | None:
        """The error of why it was stop_error; None if it was not."""
        if self.reason == "server_stopping":
            return TransientError(self.reason)
        return ProtectionError(self.reason, expected=self.seconds) if self.reason else None

    def end(self) -> None:
        """It has ended: from now on nothing is asked of the client's call."""
        with self.lock:
            self.has_ended = True
        if self.reader:
            self.reader.cancel()
        self.release()

    def _due(self, now: float, *, is_stopping: bool) -> str | None:
        if self.is_cancelled():
            return "query_cancelled"
        if now - self.started_at > self.seconds:
            return "limit_seconds"
        return "server_stopping" if is_stopping else None

    def _interrupt(self, now: float) -> None:
        """Interrupt it, again and again: it may not have begun yet. Some functions of texts do not obey."""
        if now - self.stopped_at > _GRACE:
            self.worker.kill()
            return
        try:
            self.worker.call("interrupt", {"id": self.number}, _INTERRUPT)
        except (flight.FlightError, pa.ArrowException, OSError):  # the grace decides
            return


class StatementWatch:
    """Looks at all running statements, in a thread of its own, until `close`."""

    def __init__(self) -> None:
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._statements: set[RunningStatement] = set()
        self.is_stopping = False
        self._thread = threading.Thread(target=self._run, name="statements", daemon=True)
        self._thread.start()

    def add(self, statement: RunningStatement) -> None:
        """Watch a statement."""
        with self._lock:
            self._statements.add(statement)

    def remove(self, statement: RunningStatement) -> None:
        """A statement has ended."""
        with self._lock:
            self._statements.discard(statement)

    def count(self) -> int:
        """Statements that run."""
        with self._lock:
            return len(self._statements)

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(_LOOK):
            with self._lock:
                statements = list(self._statements)
            for statement in statements:
                statement.look(is_stopping=self.is_stopping)
