"""The process that answers for one role, purpose and party, behind a socket that only the gateway can reach.

`python -m lakeward.flows.server.worker` reads its specification from the first line of its standard input, and ends with that input.
"""

import ctypes
import json
import os
import resource
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from lakeward.core.errors import LakewardError
from lakeward.flows.server.faults import pack_error
from lakeward.flows.server.worker_flight import WorkerFlight
from lakeward.flows.server.worker_spec import WorkerSpec, read_spec

# Bytes of address space besides DuckDB's memory, and as much again that a worker may gain until it is replaced: for Python, Arrow and
# the threads of gRPC.
_BESIDES = 2_500_000_000
# Of glibc's malloc.h: the most arenas of the allocator.
_M_ARENA_MAX = -8
# Score that makes the kernel end a worker before the gateway, where memory runs out.
_OOM_SCORE = 500


def _limit_process(spec: WorkerSpec) -> None:
    """Limit this process: functions of texts are not bound by DuckDB's own limit of memory."""
    size = 2 * spec.megabytes * 1_000_000 + _BESIDES
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    # Each thread of gRPC would reserve 64 MB of it.
    with suppress(AttributeError):  # no glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")


def main() -> None:
    """Run until the standard input ends: with the gateway, however it ended."""
    spec = read_spec(sys.stdin.buffer.readline())
    _limit_process(spec)
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        worker = WorkerFlight(spec)
    except LakewardError as error:
        sys.stdout.buffer.write(pack_error(error) + b"\n")
        sys.stdout.flush()
        raise SystemExit(1) from None
    sys.stdout.buffer.write(json.dumps({"policy": worker.policy_sha256}).encode() + b"\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_input, daemon=True).start()
    worker.serve()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
