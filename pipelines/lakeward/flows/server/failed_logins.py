"""Makes guessing slow: after some failures each further one is answered later. A failure never delays a call that succeeds."""

import threading
import time
from collections import deque

# Failures in `_SECONDS` that cost nothing; the first delay; the longest one.
_FREE, _SECONDS = 5, 60.0
_FIRST, _LONGEST = 0.05, 1.0
# Calls that are delayed at the same time; more would take the server's threads, and are answered at once.
_WAITING = 8


class FailedLogins:
    """Counts failures of all callers together: behind a proxy all have one address."""

    def __init__(self) -> None:
        self._failures: deque[float] = deque()
        self._lock, self._places = threading.Lock(), threading.BoundedSemaphore(_WAITING)

    def wait(self) -> None:
        """Count a failure, and wait as long as it costs."""
        now = time.monotonic()
        with self._lock:
            while self._failures and self._failures[0] < now - _SECONDS:
                self._failures.popleft()
            self._failures.append(now)
            extra = len(self._failures) - _FREE
        if extra > 0 and self._places.acquire(blocking=False):
            try:
                time.sleep(min(_LONGEST, _FIRST * 2 ** min(extra, 10)))
            finally:
                self._places.release()
