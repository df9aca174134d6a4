"""How much is asked at the same time, and how often, by one account and by all."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from lakeward.contracts.server_limits import ServerLimits
from lakeward.core.errors import TransientError

# Seconds that a statement waits for another one to end.
WAIT_SECONDS = 5.0
_MINUTE = 60.0


class Slots:
    """Counts statements and calls.

    Args:
        wait_seconds: Longest wait for a place.
    """

    def __init__(self, limits: ServerLimits, wait_seconds: float = WAIT_SECONDS) -> None:
        self._limits, self._wait = limits, wait_seconds
        self._running: Counter[str] = Counter()
        self._calls: dict[str, deque[float]] = {}
        self._changed = threading.Condition()

    def count_call(self, account: str) -> None:
        """Count a call.

        Raises:
            TransientError: The account has called too often in the last minute.
        """
        with self._changed:
            calls, now = self._calls.setdefault(account, deque()), time.monotonic()
            while calls and calls[0] < now - _MINUTE:
                calls.popleft()
            if len(calls) >= self._limits.calls_per_minute:
                raise TransientError("limit_calls", expected=self._limits.calls_per_minute)
            calls.append(now)

    def take(self, account: str) -> Callable[[], None]:
        """Take a place for a statement; returns what gives it back, once however often it is called.

        Raises:
            TransientError: No place became free in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(account), self._wait):
                raise TransientError("server_busy", expected=self._limits.statements, seconds=int(self._wait))
            self._running[account] += 1
        is_back = threading.Lock()

        def give_back() -> None:
            if is_back.acquire(blocking=False):
                with self._changed:
                    self._running[account] -= 1
                    self._changed.notify_all()

        return give_back

    def running(self) -> int:
        """Statements that run now."""
        with self._changed:
            return self._running.total()

    def _has_room(self, account: str) -> bool:
        return self._running[account] < self._limits.statements and self._running.total() < self._limits.all_statements
