"""Limits of an answer in process: those that the project states for its server and that a reader's own process can keep."""

import threading
from collections.abc import Callable

from lakeward.contracts.server_limits import ServerLimits
from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.serving.answer import Answer

_MEGABYTE = 1_000_000


class AnswerLimits:
    """Watches one fetch after the other.

    Args:
        interrupt: Ends the query that runs.
    """

    def __init__(self, limits: ServerLimits, interrupt: Callable[[], None]) -> None:
        self._limits, self._interrupt, self._is_late = limits, interrupt, False
        self._timer: threading.Timer | None = None

    def start(self) -> None:
        """A fetch begins."""
        self._is_late = False
        if "seconds" in self._limits.stated:
            self._timer = threading.Timer(self._limits.seconds, self._end_query)
            self._timer.daemon = True
            self._timer.start()

    def end(self, answer: Answer, error: LakewardError | None) -> LakewardError | None:
        """A fetch has ended: its error, which is another one where it is past a limit."""
        if self._timer:
            self._timer.cancel()
        if self._is_late:  # also without an error: what ends after an interrupt is not known to be whole
            return ProtectionError("limit_seconds", expected=self._limits.seconds)
        if error:
            return error
        if "rows" in self._limits.stated and answer.rows > self._limits.rows:
            return ProtectionError("limit_rows", expected=self._limits.rows)
        if "megabytes" in self._limits.stated and answer.bytes_out() > self._limits.megabytes * _MEGABYTE:
            return ProtectionError("limit_megabytes", expected=self._limits.megabytes)
        return None

    def _end_query(self) -> None:
        self._is_late = True
        self._interrupt()
