"""One worker as the gateway sees it: its process, its socket, and what it serves."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import flight, ipc

from lakeward.core.errors import LakewardError, MachineError
from lakeward.flows.server.faults import unpack_error
from lakeward.flows.server.sessions import ReaderSession
from lakeward.flows.server.worker_spec import WorkerSpec
from lakeward.serving.flight_sql.metadata import ServedNames

# Seconds to start in, and for a call that computes nothing.
START_SECONDS, _SHORT_CALL = 60.0, 5.0


class WorkerKey(NamedTuple):
    """What answers depend on: two callers with the same key get the same rows for the same statement."""

    role: str
    purpose: str
    party: str
    account: str | None
    stamp: str
    next_change: str

    @property
    def readers(self) -> tuple[str, str, str, str | None]:
        """The key without what changes by time."""
        return self.role, self.purpose, self.party, self.account


def worker_key(session: ReaderSession) -> WorkerKey:
    """The key of a session's worker."""
    request = session.reader.principal.request
    next_change = session.next_change.isoformat() if session.next_change else ""
    return WorkerKey(request.role, request.purpose, request.party, session.account, session.stamp, next_change)


@dataclass(slots=True, kw_only=True, eq=False)
class Worker:
    """A running worker.

    Args:
        policy_sha256: Policy that it answers by.
        bytes_at_start: Memory that it held when it was ready.
        users: Calls that use it now.
    """

    key: WorkerKey
    process: subprocess.Popen[bytes]
    client: flight.FlightClient
    socket: Path
    policy_sha256: str
    bytes_at_start: int
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    names: ServedNames | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    @property
    def bytes_since_start(self) -> int:
        """Memory that it holds beyond that; 0 where the system does not say."""
        return max(0, _resident_bytes(self.process.pid) - self.bytes_at_start)

    def call(self, action: str, body: Mapping[str, object], seconds: float = _SHORT_CALL) -> list[bytes]:
        """The results of an action."""
        options = flight.FlightCallOptions(timeout=seconds)
        found = self.client.do_action(flight.Action(action, json.dumps(body).encode()), options)
        return [result.body.to_pybytes() for result in found]

    def served_names(self) -> ServedNames:
        """What it serves; asked once."""
        if self.names is None:
            found = json.loads(self.call("names", {})[0])
            schemas = {name: _schema(content) for name, content in found["schemas"].items()}
            self.names = ServedNames(schemas, {name: tuple(columns) for name, columns in found["keys"].items()})
        return self.names

    def kill(self) -> None:
        """End its process now, whatever it does."""
        self.process.kill()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self.client.close()
        self.socket.unlink(missing_ok=True)


def start_worker(key: WorkerKey, spec: WorkerSpec) -> Worker:
    """Start a worker, and wait until it is ready.

    Raises:
        LakewardError: It could not start; its own error, if it gave one.
    """
    command = [sys.executable, "-m", "lakeward.flows.server.worker"]
    process = subprocess.Popen(  # noqa: S603 -- of our own, with no argument of a client
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        ready = _hand_over(process, spec)
    except LakewardError:
        process.kill()
        process.wait()
        raise
    client = flight.FlightClient(f"grpc+unix://{spec.socket}")
    return Worker(
        key=key,
        process=process,
        client=client,
        socket=Path(spec.socket),
        policy_sha256=ready["policy"],
        bytes_at_start=_resident_bytes(process.pid),
    )


def _resident_bytes(pid: int) -> int:
    """Memory that a process holds; 0 where the system does not say."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _hand_over(process: "subprocess.Popen[bytes]", spec: WorkerSpec) -> dict[str, Any]:
    """What a worker says when it is ready.

    Raises:
        LakewardError: It could not start; its own error, if it gave one.
    """
    assert process.stdin
    assert process.stdout
    watch = threading.Timer(START_SECONDS, process.kill)
    watch.start()
    try:
        process.stdin.write(spec.line())
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        line = b""
    finally:
        watch.cancel()
    error = unpack_error(line)
    if error:
        raise error[0]
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise MachineError("server_worker_not_started") from None
    return found


def _schema(content: str) -> pa.Schema:
    return ipc.read_schema(pa.py_buffer(base64.b64decode(content)))
