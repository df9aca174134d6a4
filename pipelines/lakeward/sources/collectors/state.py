"""What a collector says of itself: a small file that `lakeward status` reads, and numbered events that a run takes over."""

import json
import os
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakeward.core.clock import Clock, SystemClock
from lakeward.core.messages import Phrase, pack_facts, unpack_facts
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.links import link_new
from lakeward.sources.file_copy import scratch_file

STATE_FILE = "collector.json"
EVENTS_FOLDER = "events"
CONNECTED, CONNECTING, STOPPED = "source_connected", "source_connecting", "source_stopped"
# Of a door: it takes what senders push.
LISTENING = "source_listening"
# States in which the collector hears its source, if not all of it.
HEARING = frozenset({CONNECTED, LISTENING, "source_nodes_refused", "source_devices_silent", "source_qos_lowered"})
# Fact of an event that the collector hears its source: since when it did not.
AWAY_SINCE = "away_since"
# Fact of an event: the addresses that it speaks of, as a JSON list.
ADDRESSES = "addresses"
# File with the name of the folder of events.
_MACHINE = "machine"
# The same event is not written again within this time: a source that flaps has few events. What rules judge by is written always.
_REPEATED = timedelta(minutes=1)
# Seconds by which the machine's clock may be set without an event.
CLOCK_JUMP = 2.0
# Seconds over which the rate is measured.
_WINDOW = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorState:
    """The state of a collector, as its file has it.

    Args:
        state: Message code.
        facts: Facts of the message.
        since: When the state began.
        heartbeat: When the file was written.
        last_message: When the last message came; None before the first.
        messages: Messages since the start.
        rate: Messages per second over the last minute.
        unlanded: Messages on disk that are in no segment yet, and those that wait for the disk.
        session: Name of the session at the source; empty without one.
        away_since: Since when the source was not heard, where no event says it yet; None: it is heard.
    """

    state: str
    facts: Mapping[str, object]
    since: str
    heartbeat: str
    last_message: str | None
    messages: int
    rate: float
    unlanded: int
    address: str
    host: str
    pid: int
    session: str = ""
    away_since: str | None = None


@dataclass(slots=True, kw_only=True)
class CollectorJournal:
    """Writes the state and the events of one collector.

    Args:
        folder: The dataset's folder in the landing.
        address: Address of the source, without secrets.
        session: Name of the session at the source; empty without one.
    """

    folder: Path
    address: str
    session: str = ""
    clock: Clock = field(default_factory=SystemClock)
    state: str = CONNECTING
    facts: Mapping[str, object] = field(default_factory=dict)
    messages: int = 0
    last_message: datetime | None = None
    _since: datetime | None = None
    _written: dict[str, datetime] = field(default_factory=dict)
    _counts: deque[tuple[float, int]] = field(default_factory=deque)
    _ahead: float | None = None
    _away_since: datetime | None = None
    _knows_before: bool = False

    def change(self, state: str, **facts: object) -> bool:
        """Take a state; whether it is another than before. Each new one that is not a start is an event."""
        texts = {key: value if isinstance(value, Phrase) else str(value) for key, value in facts.items()}
        if (state, texts) == (self.state, self.facts):
            return False
        self._look_back()
        if self.state in HEARING and state not in HEARING:
            self._away_since = self._away_since or self.clock.now()
        self.state, self.facts, self._since = state, texts, self.clock.now()
        if state in HEARING:
            self._say_hearing()
        elif state != CONNECTING:
            self.event(state, **texts)
        return True

    def event(self, kind: str, **facts: object) -> bool:
        """Write an event, on disk on return; the same kind only once a minute, but each that sensor rules read a time or addresses from.

        A full disk loses it: the state says it too.

        Returns:
            Whether it was written.
        """
        now = self.clock.now()
        if not facts.keys() & {AWAY_SINCE, ADDRESSES} and kind in self._written and now - self._written[kind] < _REPEATED:
            return False
        texts = {key: str(value) for key, value in facts.items()}
        try:
            _write_numbered(self.folder / EVENTS_FOLDER, {"kind": kind, "at": now.isoformat(), "facts": texts})
        except OSError:
            return False
        self._written[kind] = now
        return True

    def watch_clock(self, monotonic: float) -> None:
        """Write an event where the machine's clock was set since the last call."""
        ahead = self.clock.now().timestamp() - monotonic
        if self._ahead is not None and abs(ahead - self._ahead) >= CLOCK_JUMP:
            self.event("source_clock_jump", seconds=round(ahead - self._ahead))
        self._ahead = ahead

    def write(self, unlanded: int, monotonic: float) -> None:
        """Write the state file. A full disk leaves the last one, whose age shows it."""
        now = self.clock.now()
        self._look_back()
        if self._away_since and self.state in HEARING:
            self._say_hearing()
        self._counts.append((monotonic, self.messages))
        while monotonic - self._counts[0][0] > _WINDOW:
            self._counts.popleft()
        first, last = self._counts[0], self._counts[-1]
        state = CollectorState(
            state=self.state,
            facts=pack_facts(self.facts),
            since=(self._since or now).isoformat(),
            heartbeat=now.isoformat(),
            last_message=self.last_message.isoformat() if self.last_message else None,
            messages=self.messages,
            rate=round((last[1] - first[1]) / (last[0] - first[0]), 1) if last[0] > first[0] else 0.0,
            unlanded=unlanded,
            address=self.address,
            host=os.uname().nodename,
            pid=os.getpid(),
            session=self.session,
            away_since=self._away_since.isoformat() if self._away_since else None,
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with scratch_file(self.folder) as draft:
                draft.write_text(json.dumps(asdict(state), ensure_ascii=False), encoding="utf-8")
                draft.replace(self.folder / STATE_FILE)
        except OSError:
            return

    def _look_back(self) -> None:
        """Take over since when the source is not heard: one that was killed was heard until its last sign of life."""
        if self._knows_before:
            return
        self._knows_before = True
        if before := read_state(self.folder):
            heard = before.heartbeat if before.state in HEARING else before.since
            self._away_since = datetime.fromisoformat(before.away_since or heard)

    def _say_hearing(self) -> None:
        """Write the event that the source is heard again; where the disk is full, the next one says since when it was not."""
        away = {AWAY_SINCE: self._away_since.isoformat()} if self._away_since else {}
        if self.event(self.state, **self.facts, **away):
            self._away_since = None


def read_state(folder: Path) -> CollectorState | None:
    """The state that the last collector of a dataset left; None for none."""
    try:
        return parse_state(FolderStore(folder).read(STATE_FILE))
    except OSError:
        return None


def parse_state(content: bytes | None) -> CollectorState | None:
    """The state in the bytes of a file; None without one, or for one of another version, or whose times are none."""
    try:
        state = _with_facts(json.loads(content)) if content else None
        times = [state.since, state.heartbeat, state.away_since, state.last_message] if state else []
        is_whole = all(datetime.fromisoformat(time).tzinfo for time in times if time is not None)
    except (AttributeError, KeyError, ValueError, TypeError):
        return None
    return state if is_whole else None


def _with_facts(found: dict[str, Any]) -> CollectorState:
    return CollectorState(**{**found, "facts": unpack_facts(found["facts"])})


def machine_of(folder: Path) -> str:
    """A random name of this folder on this machine, the same at each call: its events are numbered from 1."""
    store = FolderStore(folder / EVENTS_FOLDER)
    store.create(_MACHINE, uuid.uuid4().hex.encode())
    return (store.read(_MACHINE) or b"-").decode()


def read_events(folder: Path, after: int) -> list[tuple[int, dict[str, Any]]]:
    """The events with a larger number than `after`, with their numbers."""
    found = sorted((folder / EVENTS_FOLDER).glob("[0-9]*.json"))
    return [(int(path.stem), json.loads(path.read_text(encoding="utf-8"))) for path in found if int(path.stem) > after]


def discard_events(folder: Path, end: int) -> None:
    """Remove events up to number `end`, but the newest, from which the numbers go on."""
    for path in sorted((folder / EVENTS_FOLDER).glob("[0-9]*.json"))[:-1]:
        if int(path.stem) <= end:
            path.unlink(missing_ok=True)


def _write_numbered(folder: Path, content: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = max((int(path.stem) for path in folder.glob("[0-9]*.json")), default=0)
    with scratch_file(folder) as draft:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        while True:
            number += 1
            try:
                link_new(draft, folder / f"{number:020d}.json")
            except FileExistsError:
                continue
            return
