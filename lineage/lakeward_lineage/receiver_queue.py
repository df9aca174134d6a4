"""A queue for a receiver over the network, beside the outbox, so that one that does not answer costs no run its time and loses no event.

After a failure the receiver is left alone for a while, and all waits in vain together take at most a share of each event that waits:
whatever is slow (a name that does not resolve, an address that takes and never answers) goes on in the background. Delivery is in
order of event time and at least once, by one sender at a time.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from json import loads
from math import inf
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
# Seconds of each new event that a short try waits, where the share does not pay for a whole wait, and the least of them together.
_SHORT: Final = 0.01
_SHORTEST: Final = 0.1
# Seconds after which the shortest try is made, however few events are new.
_IDLE: Final = 600.0
# Seconds to wait for an answer.
_LONGEST: Final = 1.0
# Whether the receiver took the event; None at the end.
_Answer: TypeAlias = bool | LineageError | None
# File whose time is that of the last failure, and which holds the seconds that were waited in vain since the receiver last took an event.
_FAILED = ".failed"
# File that is locked by the one that sends.
_LOCK = ".lock"


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
        return len(self._files())

    def deliver(self, open_transport: Callable[[], Transport]) -> int:
        """Send the events, until none is left or the receiver does not answer; returns how many it took.

        Nothing is tried within a while of a failure, or while another process sends. Until enough events wait to pay for a whole
        wait, an answer is waited for shortly. A receiver that is slower is sent to in the background, as long as the process lives.

        Args:
            open_transport: Opens the way to the receiver, if there is anything to send.

        Raises:
            LineageError: The receiver did not answer, or the folder can't be written; the event and later ones stay.
        """
        age = self._age()
        files = [] if age < self._rest else self._files()
        wait, answers = self._wait(files, age), SimpleQueue[_Answer]()
        if not wait:
            return 0
        transport, lock = open_transport(), self._lock()
        if lock is None:
            return 0
        Thread(target=self._send_all, args=(transport, answers, lock), name="lineage-receiver", daemon=True).start()
        return self._count(answers, wait)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.json"))

    def _wait(self, files: list[Path], age: float) -> float:
        """Seconds to wait for the first answer; 0: nothing is tried."""
        spent = self._spent()
        if not files or spent + min(spent, _LONGEST) <= SHARE * len(files):  # as much again as the failures cost, at most
            return _LONGEST if files else 0.0
        failed_at = _written_at(self._folder / _FAILED)
        new = sum(1 for file in files[-round(_LONGEST / _SHORT) :] if _written_at(file) > failed_at)
        wait = max(_SHORT * new, _SHORTEST if age >= _IDLE else 0.0)
        return wait if wait >= _SHORTEST else 0.0

    def _lock(self) -> int | None:
        """Handle of the lock; None while another sends."""
        try:
            handle = os.open(self._folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise LineageError("queue_not_usable", reason=type(error).__name__) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if isinstance(error, BlockingIOError):
                return None
            raise LineageError("queue_not_usable", reason=type(error).__name__) from None
        return handle

    def _send_all(self, transport: Transport, answers: SimpleQueue[_Answer], lock: int) -> None:
        """Put for each event whether the receiver took it, and at last None, or why it did not; events that come meanwhile are sent, too."""
        end, seen = cast("_Answer", None), set[Path]()
        try:
            while files := [file for file in self._files() if file not in seen]:
                seen.update(files)
                for file in files:
                    answers.put(self._send(file, transport))
            (self._folder / _FAILED).unlink(missing_ok=True)
        except LineageError as error:
            end = error
        except (OSError, ValueError) as error:  # a value that can't be a header of HTTP is one, too
            end = LineageError("queue_not_usable", reason=type(error).__name__)
        finally:
            os.close(lock)
            answers.put(end)

    def _count(self, answers: SimpleQueue[_Answer], wait: float) -> int:
        """Count the events that are taken; what is waited in vain is written down."""
        sent, spent, asked, answer = 0, self._spent(), time.monotonic(), cast("_Answer", False)
        try:
            while (answer := answers.get(timeout=wait)) is not None:
                if isinstance(answer, LineageError):
                    raise answer
                sent, asked, spent, wait = sent + answer, time.monotonic(), 0.0, _LONGEST
        except Empty:
            raise LineageError("no_answer_yet", seconds=f"{wait:g}") from None
        else:
            return sent
        finally:
            if answer is not None:
                with suppress(OSError):  # a full disk: it is asked again by the next command
                    (self._folder / _FAILED).write_text(f"{spent + time.monotonic() - asked:.3f}")

    def _spent(self) -> float:
        try:
            return float((self._folder / _FAILED).read_text())
        except (FileNotFoundError, ValueError):  # it is empty where a release before failed
            return 0.0

    def _age(self) -> float:
        """Seconds since the last failure; one in the future, by a clock that was set back, is long ago."""
        age = time.time() - _written_at(self._folder / _FAILED)
        return age if age >= 0 else inf

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


def _written_at(file: Path) -> float:
    """When the file was written, in seconds since 1970; 0 if it is gone."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


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
