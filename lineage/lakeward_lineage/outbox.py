"""A folder that queues events until a receiver has them, so that neither a kill nor an unavailable receiver loses one.

Delivery is in order of event time and at least once: an event sent just before a kill is sent again, and its
id, which follows from its run and type, identifies it for the receiver. Nothing is ever deleted.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import identify
from lakeward_lineage.transport import Transport


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Number of events that a receiver accepted, and that it rejected permanently (moved to `refused/`)."""

    sent: int
    refused: int


class Outbox:
    """The events of one lake as files: pending ones in the folder, delivered ones in `sent/`, rejected ones in `refused/`.

    Args:
        folder: Created with the first event.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, event: Mapping[str, Any]) -> bool:
        """Store an event; it is on disk on return.

        Returns:
            False if an event with the same id is stored already; the first one stays.

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
        """Files of pending events, oldest event first, a START before the end of its run."""
        return tuple(sorted(self._folder.glob("[0-9]*.json")))

    def deliver(self, transport: Transport) -> DeliveryReport:
        """Send pending events in order, until none is left or the receiver does not answer.

        Raises:
            LineageError: The receiver did not accept an event; it and later ones stay pending.
        """
        counts = {"sent": 0, "refused": 0}
        try:
            for path in self.pending():
                state = _send_file(path, transport)
                if state:
                    self._move(path, state)
                    counts[state] += 1
        finally:  # a power cut before it leaves events pending: they are sent again
            self._sync_moves([state for state, moved in counts.items() if moved])
        return DeliveryReport(**counts)

    def events(self) -> Iterator[dict[str, Any]]:
        """All events ever stored, in no order."""
        for path in (*self._folder.glob("sent/*.json"), *self._folder.glob("refused/*.json"), *self.pending()):
            with suppress(RefusedError):
                event = _read(path)
                if event is not None:
                    yield event

    def event_ids(self) -> frozenset[str]:
        """Ids of all events ever stored, from the names of their files."""
        moved = (path.stem for state in ("sent", "refused") for path in (self._folder / state).glob("*.json"))
        return frozenset((*moved, *(path.stem.partition("-")[2] for path in self.pending())))

    def refused(self) -> int:
        """Number of events that a receiver rejected permanently, or that are no longer readable."""
        return sum(1 for _ in (self._folder / "refused").glob("*.json"))

    def _is_stored(self, identity: str) -> bool:
        moved = (self._folder / state / f"{identity}.json" for state in ("sent", "refused"))
        return any(path.exists() for path in moved) or any(name.endswith(f"-{identity}.json") for name in self._names())

    def _names(self) -> list[str]:
        """Names in the folder of pending events: to match them by a pattern would translate it anew for each event."""
        try:
            return os.listdir(self._folder)  # noqa: PTH208 -- only names
        except FileNotFoundError:
            return []

    def _move(self, path: Path, state: str) -> None:
        # Named by id there, so that a lookup does not list a growing folder.
        with suppress(FileNotFoundError):
            path.replace(self._folder / state / f"{path.name.partition('-')[2]}")

    def _sync_moves(self, states: Sequence[str]) -> None:
        for state in states:
            _sync(self._folder / state)
        if states:
            _sync(self._folder)


def _send_file(path: Path, transport: Transport) -> str | None:
    """Send the file and return its new folder; None if a concurrent process was first."""
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
    """Sync the folder: a rename is on disk only after that."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
