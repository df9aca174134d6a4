"""The record of each migration in its lake: what was where before it, so that it can be taken back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lakeward.core.storage import FileStore

# Folder of the records in a lake.
FOLDER = ".migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRecord:
    """A migration.

    Args:
        id: Its time in UTC, by which records are in order.
        from_version, to_version: Versions of the governance tables.
        from_place, to_place: Where the lake lay, and where it lies after it; equal if it was not moved.
        before: Table -> its version before.
        after: Table -> its version after; empty before the end.
        is_undone: Whether it was taken back.
    """

    id: str
    from_version: int
    to_version: int
    from_place: str
    to_place: str
    before: Mapping[str, int]
    after: Mapping[str, int] = field(default_factory=dict)
    is_undone: bool = False

    @property
    def is_move(self) -> bool:
        """Whether the lake was moved."""
        return self.from_place != self.to_place

    def write(self, store: FileStore) -> None:
        """Write the record into a lake."""
        store.replace(f"{FOLDER}/{self.id}.json", json.dumps(asdict(self), ensure_ascii=False, indent=1).encode())

    def stored_in(self, store: FileStore) -> "MigrationRecord | None":
        """This record as a lake has it; None if it has none."""
        return _read(store, f"{self.id}.json")


def last_record(store: FileStore) -> MigrationRecord | None:
    """The newest record that was not taken back; None if there is none."""
    for name in reversed(store.list_names(FOLDER)):
        record = _read(store, name)
        if record and not record.is_undone:
            return record
    return None


def _read(store: FileStore, name: str) -> MigrationRecord | None:
    content = store.read(f"{FOLDER}/{name}")
    return None if content is None else MigrationRecord(**json.loads(content))
