"""Entries of the access log that are not committed yet, in the object store of a lake: a machine can be lost with its files."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from lakeward.core.storage.bucket import BucketStore
from lakeward.core.storage.lake import Lake
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance

# Folder of the entries, in a lake or beside it.
ACCESS_FOLDER = ".access"
# A session without an entry for so long is one of a lost machine; if it is not, it commits what is left of its own.
LOST_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EntryCopies:
    """Entries in an object store, one object per session."""

    store: BucketStore

    @classmethod
    def of(cls, lake: Lake) -> "EntryCopies | None":
        """Those of the lake; None if it is a folder, in which the entries lie themselves."""
        bucket = lake.bucket()
        return cls(bucket) if bucket else None

    def write(self, session_id: str, entries: bytes) -> None:
        """Store all pending entries of the session."""
        self.store.replace(_name(session_id), entries)

    def delete(self, session_id: str) -> None:
        """Delete the entries of the session, which are committed."""
        self.store.delete(_name(session_id))

    def uncommitted_entries(self, engine: Engine, session_id: str, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entries but for those that another machine has committed, which took the session for a lost one."""
        committed = engine.txn(governance.table_name("access_log"), session_txn(session_id, 0).app)
        return [row for row in entries if row["seq"] > committed]

    def lost_sessions(self, folder: Path) -> Iterator[tuple[str, list[bytes]]]:
        """Id and lines of each session of a lost machine: without a file in this one's folder and without an entry for a day."""
        oldest = time.time() - LOST_AFTER.total_seconds()
        for name, _, modified_at in list(self.store.walk(ACCESS_FOLDER)):
            session_id = name.removesuffix(".jsonl")
            if (
                "/" not in name
                and modified_at < oldest
                and not (folder / name).exists()
                and (data := self.store.read(_name(session_id)))
            ):
                yield session_id, data.splitlines(keepends=True)


def session_txn(session_id: str, seq: int) -> Txn:
    """The transaction of a session's entries up to `seq`."""
    return Txn(f"access/{session_id}", seq)


def _name(session_id: str) -> str:
    return f"{ACCESS_FOLDER}/{session_id}.jsonl"
