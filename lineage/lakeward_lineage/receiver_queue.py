"""A queue for a receiver over the network, beside the outbox, so that one that does not answer costs no run its time and loses no event.

After a failure the receiver is left alone for a while. Delivery is in order of event time and at least once.
"""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from json import loads
from pathlib import Path
from typing import Any

from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import identify
from lakeward_lineage.transport import Transport

# Seconds after a failure in which the receiver is not asked.
REST = 60.0
# File whose time is that of the last failure.
_FAILED = ".failed"


class ReceiverQueue:
    """The events that a receiver does not have yet, as files of a folder; refused ones are in `refused/`.

    Args:
        folder: Created with the first event; on the file system of the outbox.
        rest: Seconds.
    """

    def __init__(self, folder: Path, rest: float = REST) -> None:
        self._folder, self._rest = folder, rest

    def add(self, files: Iterable[Path]) -> None:
        """Queue events of an outbox before they leave it; they are on disk on return."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            with suppress(FileExistsError, FileNotFoundError):  # queued before a kill, or delivered by another process
                os.link(file, self._folder / file.name)
        _sync(self._folder)

    def waiting(self) -> int:
        """Number of events that the receiver does not have yet."""
        return sum(1 for _ in self._folder.glob("[0-9]*.json"))

    def deliver(self, open_transport: Callable[[], Transport]) -> int:
        """Send the events, until none is left or the receiver does not answer; returns how many it took.

        Nothing is tried within a while of a failure.

        Args:
            open_transport: Opens the way to the receiver, if there is anything to send.

        Raises:
            LineageError: The receiver did not answer; the event and later ones stay.
        """
        files = [] if self._rests() else sorted(self._folder.glob("[0-9]*.json"))
        if not files:
            return 0
        sent = 0
        try:
            transport = open_transport()
            for file in files:
                sent += self._send(file, transport)
        except LineageError:
            (self._folder / _FAILED).touch()
            raise
        return sent

    def _rests(self) -> bool:
        try:
            return 0 <= time.time() - (self._folder / _FAILED).stat().st_mtime < self._rest
        except FileNotFoundError:
            return False

    def _send(self, file: Path, transport: Transport) -> bool:
        """Send one event; False if another process was first, or the receiver rejects it."""
        try:
            event = _read(file)
            if event is None:
                return False
            transport.send(event)
        except RefusedError:
            refused = self._folder / "refused"
            refused.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):
                file.replace(refused / file.name)
            return False
        file.unlink(missing_ok=True)
        return True


def _read(file: Path) -> dict[str, Any] | None:
    """The event; None if the file is gone.

    Raises:
        RefusedError: It is no event.
    """
    try:
        event: dict[str, Any] = loads(file.read_bytes())
        identify(event)
    except FileNotFoundError:
        return None
    except (ValueError, LineageError):
        raise RefusedError("unreadable", file=file.name) from None
    return event


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
