"""An answer that takes long to compute, kept until something that it is made of changes."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class KeptAnswer(Generic[Answer]):
    """The newest answer; who asks while it is computed waits for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: tuple[Hashable, Answer] | None = None

    def get(self, made_of: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The answer of what it is made of; a failure is not kept."""
        with self._lock:
            if self._kept is None or self._kept[0] != made_of:
                self._kept = made_of, compute()
            return self._kept[1]
