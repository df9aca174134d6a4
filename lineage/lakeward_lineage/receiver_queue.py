"""A queue for a receiver over the network, beside the outbox, so that one that does not answer costs no run its time and loses no event.

After a failure the receiver is left alone for a while, and all waits in vain together take at most a share of each event that waits:
whatever is slow (a name that does not resolve, an address that takes and never answers) goes on in the background. Delivery is in
order of event time and at least once.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from json import loads
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias, cast

from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import identify
from lakeward_lineage.transport import Transport

# Seconds after a failure in which the receiver is not asked.
REST = 60.0
# Seconds that waits in vain may take of each event that waits for the receiver, once the receiver has failed.
SHARE: Final = 0.02
# Seconds to wait for an answer.
_LONGEST: Final = 1.0
# Whether the receiver took the event; None at the end.
_Answer: TypeAlias = bool | LineageError | None
# File whose time is that of the last failure, and which holds the seconds that were waited in vain since the receiver last took an event.
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
                _link(file, self._folder / file.name)
        _sync(self._folder)

    def waiting(self) -> int:
        """Number of events that the receiver does not have yet."""
        return sum(1 for _ in self._folder.glob("[0-9]*.json"))

    def deliver(self, open_transport: Callable[[], Transport]) -> int:
        """Send the events, until none is left or the receiver does not answer; returns how many it took.

        Nothing is tried within a while of a failure, or before enough events wait to pay for a wait. A receiver that is
        slower than that is sent to in the background, as long as the process lives.

        Args:
            open_transport: Opens the way to the receiver, if there is anything to send.

        Raises:
            LineageError: The receiver did not answer; the event and later ones stay.
        """
        files = [] if self._rests() else sorted(self._folder.glob("[0-9]*.json"))
        spent = self._spent()
        if not files or spent + min(spent, _LONGEST) > SHARE * len(files):  # as much again as the failures cost, at most
            return 0
        transport, answers = open_transport(), SimpleQueue[_Answer]()
        Thread(target=self._send_all, args=(files, transport, answers), name="lineage-receiver", daemon=True).start()
        return self._count(answers, spent)

    def _send_all(self, files: Iterable[Path], transport: Transport, answers: SimpleQueue[_Answer]) -> None:
        """Put for each event whether the receiver took it, and at last None, or why it did not."""
        try:
            for file in files:
                answers.put(self._send(file, transport))
        except LineageError as error:
            answers.put(error)
        else:
            (self._folder / _FAILED).unlink(missing_ok=True)
            answers.put(None)

    def _count(self, answers: SimpleQueue[_Answer], spent: float) -> int:
        """Count the events that are taken; what is waited in vain is written down."""
        sent, asked, answer = 0, time.monotonic(), cast("_Answer", False)
        try:
            while (answer := answers.get(timeout=_LONGEST)) is not None:
                if isinstance(answer, LineageError):
                    raise answer
                sent, asked, spent = sent + answer, time.monotonic(), 0.0
        except Empty:
            raise LineageError("no_answer_yet", seconds=_LONGEST) from None
        else:
            return sent
        finally:
            if answer is not None:
                (self._folder / _FAILED).write_text(f"{spent + time.monotonic() - asked:.3f}")

    def _spent(self) -> float:
        try:
            return float((self._folder / _FAILED).read_text())
        except (FileNotFoundError, ValueError):  # it is empty where a release before failed
            return 0.0

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


def _link(file: Path, queued: Path) -> None:
    """Link the file, or copy it where the file system has no hard links."""
    try:
        os.link(file, queued)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        temporary = queued.with_name(f".{queued.name}.tmp")
        shutil.copyfile(file, temporary)
        _sync(temporary)
        temporary.replace(queued)


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


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
