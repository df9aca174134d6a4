"""Ids of messages that are landed, so that a message which its sender repeats is known."""

from collections import OrderedDict
from dataclasses import dataclass, field

from lakeward.sources.segments import SegmentStore

# Newest messages whose ids are known: a sender that repeats does so within minutes.
KEPT = 100_000


@dataclass(slots=True)
class MessageIds:
    """The ids of the newest messages, by sender, each with the hash of its message."""

    _hashes: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)

    @classmethod
    def of_segments(cls, store: SegmentStore) -> "MessageIds":
        """The ids in the newest segments that are still there."""
        import pyarrow.parquet as pq  # noqa: PLC0415 -- an extra

        newest, rows, found = store.newest(), 0, []
        for number in range(newest, 0, -1):
            path = store.path(number)
            if rows >= KEPT or not path.is_file():
                break
            table = pq.read_table(path, columns=["sender", "message_id", "message_hash"])
            rows += table.num_rows
            found.append(list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True)))
        ids = cls()
        for segment in reversed(found):
            for sender, message_id, message_hash in segment:
                if message_id is not None:
                    ids.add(sender, message_id, message_hash)
        return ids

    def hash_of(self, sender: str, message_id: str) -> str | None:
        """Hash of the sender's message of this id; None if it is not known."""
        return self._hashes.get((sender, message_id))

    def add(self, sender: str, message_id: str, message_hash: str) -> None:
        """Keep an id; the oldest is forgotten beyond `KEPT`."""
        self._hashes[sender, message_id] = message_hash
        if len(self._hashes) > KEPT:
            self._hashes.popitem(last=False)
