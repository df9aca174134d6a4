"""A folder in which events wait until a receiver has them, so that neither a kill nor a receiver that is down loses one.

Delivery is in the order of the events' times and at least once: an event that was sent just before a kill is sent again, and its
id, which anyone can work out from its run and type, tells a receiver that it has it. Nothing here is ever deleted.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import identify
from lakeward_lineage.transport import Transport


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """How many events a receiver took, and how many it will never take as they are (set aside in `refused/`)."""

    sent: int
    refused: int


class Outbox:
    """The events of one lake, as files: waiting ones in the folder, taken ones in `sent/`, hopeless ones in `refused/`.

    Args:
        folder: Made when the first event comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, event: Mapping[str, Any]) -> bool:
        """Keep an event; it is on the disk when this returns.

        Returns:
            False where an event of the same id is kept already: the first one stays.

        Raises:
            LineageError: It is not a lineage event.
        """
        name, identity = _name(event), identify(event)
        if self._is_stored(identity):
            return False
        for folder in (self._folder, self._folder / "sent", self._folder / "refused"):
            folder.mkdir(parents=True, exist_ok=True)
        _write(self._folder / name, json.dumps(event, sort_keys=True, ensure_ascii=False).encode())
        return True

    def pending(self) -> tuple[Path, ...]:
        """Files of the events that wait, oldest event first, a START before what ends the run."""
        return tuple(sorted(self._folder.glob("[0-9]*.json")))

    def deliver(self, transport: Transport) -> DeliveryReport:
        """Send what waits, in order, until nothing waits or the receiver does not answer.

        Raises:
            LineageError: The receiver did not take an event; it and those after it wait on.
        """
        counts = {"sent": 0, "refused": 0}
        for path in self.pending():
            state = _send_file(path, transport)
            if state:
                self._move(path, state)
                counts[state] += 1
        return DeliveryReport(**counts)

    def events(self) -> Iterator[dict[str, Any]]:
        """All events ever kept, in no order."""
        for path in (*self._folder.glob("sent/*.json"), *self._folder.glob("refused/*.json"), *self.pending()):
            with suppress(RefusedError):
                event = _read(path)
                if event is not None:
                    yield event

    def _is_stored(self, identity: str) -> bool:
        moved = (self._folder / state / f"{identity}.json" for state in ("sent", "refused"))
        return any(path.exists() for path in moved) or any(self._folder.glob(f"*-{identity}.json"))

    def _move(self, path: Path, state: str) -> None:
        # Named by id alone there, so that looking one up does not list a folder that only grows.
        with suppress(FileNotFoundError):
            path.replace(self._folder / state / f"{path.name.partition('-')[2]}")
        _sync(self._folder / state)
        _sync(self._folder)


def _send_file(path: Path, transport: Transport) -> str | None:
    """Where the file belongs now; None where another process delivers beside this one and was first."""
    try:
        event = _read(path)
        if event is None:
            return None
        transport.send(event)
    except RefusedError:
        return "refused"
    return "sent"


def _name(event: Mapping[str, Any]) -> str:
    try:
        time = "".join(filter(str.isalnum, event["eventTime"]))
    except (KeyError, TypeError):
        raise LineageError("not_an_event", type=type(event).__name__) from None
    rank = 0 if event.get("eventType") == "START" else 1
    return f"{time}.{rank}-{identify(event)}.json"


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    _sync(path.parent)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        event = json.loads(path.read_bytes())
        identify(event)
    except FileNotFoundError:
        return None
    except (ValueError, LineageError):
        raise RefusedError("unreadable", file=path.name) from None
    return dict(event)


def _sync(folder: Path) -> None:
    """A rename is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
