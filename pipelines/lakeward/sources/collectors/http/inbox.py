"""The collector of one dataset behind the HTTP door: a thread that brings messages to disk, many at a time, and then answers."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

from lakeward.contracts.collected_source import HttpSource
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.http.message_ids import MessageIds
from lakeward.sources.collectors.lander import Lander
from lakeward.sources.collectors.state import LISTENING, CollectorJournal
from lakeward.sources.segments import SegmentStore, message_schema

SCHEMA = {
    "topic": "string",
    "payload": "binary",
    "received_at": "timestamp[us, UTC]",
    "content_type": "string",
    "sender": "string",
    "message_id": "string",
    "message_hash": "string",
}
# Messages of one write.
COMMIT_ROWS = 1000
# Seconds between two looks at the clock.
TICK = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedMessage:
    """A message that waits for the disk.

    Args:
        message_id: The sender's own id of it; None without one.
        answer: Called with what became of it: `landed`, `known`, or a message code of why it is not kept.
    """

    topic: str
    payload: bytes
    received: datetime
    content_type: str | None
    sender: str
    message_id: str | None
    answer: Callable[[str], None]

    @property
    def hash(self) -> str:
        """Hash of address and payload."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.payload).hexdigest()[:32]


# What became of a message.
LANDED, KNOWN = "landed", "known"
DISK_FULL, OTHER_MESSAGE, STOPPING = "push_disk_full", "push_id_taken", "push_stopping"


@dataclass(slots=True, kw_only=True)
class HttpInbox:
    """Lands what the door takes for one dataset until it is stopped.

    Args:
        landing: Folder of all datasets' landed files.
        address: Where the door listens, for messages.
    """

    dataset: str
    source: HttpSource
    landing: Path
    address: str
    clock: Clock = field(default_factory=SystemClock)
    is_open: bool = False
    _queue: SimpleQueue[PushedMessage | tuple[str, str]] = field(default_factory=SimpleQueue)
    _ids: MessageIds = field(default_factory=MessageIds)

    def put(self, message: PushedMessage) -> None:
        """Take a message, which is answered later. Called by any thread."""
        self._queue.put(message)

    def note_refusal(self, code: str, sender: str) -> None:
        """Keep as an event that a sender was refused. Called by any thread."""
        self._queue.put((code, sender))

    def run(self, stop: Event) -> None:
        """Land until `stop` is set; then everything that was taken is answered.

        Raises:
            MachineError: Another collector of the dataset runs; pyarrow is missing.
        """
        journal = CollectorJournal(folder=self.landing / self.dataset, address=self.address, clock=self.clock)
        lander = Lander.open(self.landing, self.dataset, self.source.segment, message_schema(SCHEMA), journal)
        self._ids = MessageIds.of_segments(SegmentStore.of_dataset(self.landing, self.dataset))
        journal.change(LISTENING, address=self.address)
        self.is_open = True
        try:
            while not stop.is_set() or not self._queue.empty():
                self._land(self._gather(lander), lander)
                lander.keep_state()
        finally:
            self.is_open = False
            self._refuse_the_rest()
            lander.finish()

    def _gather(self, lander: Lander) -> list[PushedMessage]:
        """What waits: more comes while a write lasts, so that one write is for many."""
        found: list[PushedMessage] = []
        try:
            while len(found) < COMMIT_ROWS:
                item = self._queue.get(timeout=TICK) if not found else self._queue.get_nowait()
                if isinstance(item, tuple):
                    lander.journal.event(item[0], sender=item[1])
                else:
                    found.append(item)
        except Empty:
            pass
        return found

    def _land(self, messages: Sequence[PushedMessage], lander: Lander) -> None:
        new: dict[tuple[str, str], str] = {}
        answers = [(message, self._take(message, lander, new)) for message in messages]
        try:
            is_kept = lander.commit() if lander.writer.waiting else True
        except MachineError:
            for message in messages:
                message.answer(STOPPING)
            raise
        if is_kept:
            for (sender, message_id), message_hash in new.items():
                self._ids.add(sender, message_id, message_hash)
            lander.count(self.clock, sum(said == LANDED for _, said in answers))
        else:
            lander.writer.withdraw()
        for message, said in answers:
            message.answer(said if is_kept or said == OTHER_MESSAGE or self._is_on_disk(message) else DISK_FULL)

    def _take(self, message: PushedMessage, lander: Lander, new: dict[tuple[str, str], str]) -> str:
        """Add a message to the next write unless its id is known."""
        message_hash = None
        if message.message_id is not None:
            key, message_hash = (message.sender, message.message_id), message.hash
            before = new.get(key) or self._ids.hash_of(*key)
            if before is not None:
                return KNOWN if before == message_hash else OTHER_MESSAGE
            new[key] = message_hash
        row = (message.topic, message.payload, message.received, message.content_type, message.sender, message.message_id)
        lander.add((*row, message_hash), len(message.payload))
        return LANDED

    def _is_on_disk(self, message: PushedMessage) -> bool:
        return message.message_id is not None and self._ids.hash_of(message.sender, message.message_id) is not None

    def _refuse_the_rest(self) -> None:
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, PushedMessage):
                item.answer(STOPPING)
