"""A proxy before an object store that does what networks and stores do: errors, silence, cut answers, and success whose reply is lost.

It is a process of its own: a client that waits without leaving Python to other threads would wait for ever for one of the same process.
"""

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KINDS = ("500", "503", "hang up", "lost reply", "cut body", "slow", "expired", "stale listing")
_PROGRAM = Path(__file__).with_name("fault_proxy_server.py")


class Faults:
    """What goes wrong at a proxy, and what it saw."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process, self._lock = process, threading.Lock()

    def reset(self, at: int = 0, kind: str = "", length: int = 1) -> None:
        """Another schedule, counted anew.

        Args:
            at: Number, from 1, of the first request that meets the fault; 0 for none.
            kind: One of `KINDS`, or `clock`.
            length: Requests in a row that meet it: clients repeat one.
        """
        self._order((at, kind, length))

    @property
    def seen(self) -> list[tuple[str, str]]:
        """Method and path of each request since the last `reset`."""
        return [(method, path) for method, path in json.loads(self._order(None))]

    def _order(self, order: tuple[int, str, int] | None) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        with self._lock:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return stdout.readline()


@contextmanager
def proxy(upstream: str) -> Iterator[tuple[str, Faults]]:
    """A proxy before the store at this address; gives its own address, and its faults."""
    words = [sys.executable, "-I", "-S", str(_PROGRAM), upstream]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}", Faults(process)
        finally:
            process.kill()


def schedules(seed: int, count: int, requests: int) -> list[tuple[int, str, int]]:
    """Seeded faults over a flow of so many requests: number of the request, kind, and how many in a row."""
    chance = random.Random(seed)
    return [(chance.randint(1, requests), chance.choice(KINDS), chance.choice((1, 1, 3, 8))) for _ in range(count)]
