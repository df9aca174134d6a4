"""The entries of one session in the access log: each has the hash of the one before it, and is on disk before what it allows happens.

A session writes its entries to a file, and commits them to `governance.access_log` by the hundred and at its end: a commit
per entry would double the time of a short query and create one table file each.
"""

import fcntl
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.core.clock import Clock
from lakeward.core.errors import MachineError
from lakeward.core.names import new_run_id
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.append_file import append_whole
from lakeward.flows.serving.entry_copies import EntryCopies, session_txn
from lakeward.protection.log_entries import FIRST_PREV, HASH, PREV, entry_hash

# Entries per commit: at one query a second, less than two minutes of entries are uncommitted.
COMMIT_EVERY = 100


@dataclass(kw_only=True)
class SessionEntries(ABC):
    """The chain of one session.

    Args:
        folder: Folder of the entries that are not committed yet.
        copies: Where each entry is stored besides the folder: of a lake in an object store; None for a folder.
        seq, prev: Number and hash of the last entry.
    """

    clock: Clock
    folder: Path
    copies: EntryCopies | None = None
    session_id: str = field(default_factory=new_run_id)
    seq: int = 0
    prev: str = FIRST_PREV
    pending: list[dict[str, Any]] = field(default_factory=list)
    file: int | None = None

    @abstractmethod
    def committing_engine(self) -> AbstractContextManager[Engine]:
        """The engine that commits.

        Raises:
            MachineError: The lake is closed: it was moved, or a newer version wrote it.
        """

    @abstractmethod
    def check_lake(self) -> None:
        """Check that the entries are in the lake that is read from now on.

        Raises:
            MachineError: They are not: the lake was moved, or a newer version wrote it.
        """

    def append_cells(self, cells: Mapping[str, Any]) -> None:
        """Append one entry, but for its place in the chain; it is on disk on return.

        Raises:
            StoreConflictError: Others kept committing first; the entry stays on disk.
            MachineError: The lake can't be written, or was closed.
        """
        row = {"session_id": self.session_id, "seq": self.seq + 1, PREV: self.prev, **cells}
        row[HASH] = entry_hash(row)
        self._append_to_file(row)
        self.seq, self.prev = self.seq + 1, row[HASH]
        self.pending.append(row)
        self.check_lake()  # a move that ended meanwhile has not copied the entry
        if len(self.pending) >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Commit pending entries to `governance.access_log`.

        Raises:
            StoreConflictError: Others kept committing first.
            MachineError: The lake was closed; the entries stay on disk.
        """
        if self.file is None:
            return
        with self.committing_engine() as engine:
            entries = self.copies.uncommitted_entries(engine, self.session_id, self.pending) if self.copies else self.pending
            governance.append_rows(engine, "access_log", entries, session_txn(self.session_id, self.seq))
        self.pending.clear()
        os.ftruncate(self.file, 0)
        if self.copies:
            self.copies.delete(self.session_id)

    def close(self) -> None:
        """Commit pending entries and delete the session's file.

        Of a lake that was closed meanwhile the file stays. A move has taken a copy along, which the next session there commits; where
        the move is taken back, or a newer version wrote the lake, the next session here does.

        Raises:
            StoreConflictError: Others kept committing first.
        """
        if self.file is not None:
            if self._is_committed():
                self._path.unlink()
            os.close(self.file)
            self.file = None

    def _is_committed(self) -> bool:
        try:
            self.commit()
        except MachineError as error:
            if error.code not in governance.CLOSED_CODES:
                raise
            return False
        return True

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.session_id}.jsonl"

    def _append_to_file(self, row: Mapping[str, Any]) -> None:
        """Append one line; after a failure the file ends with the line before it."""
        try:
            if self.file is None:
                self.file = self._open_file()
            append_whole(self.file, (json.dumps(row, default=datetime.isoformat) + "\n").encode())
            if self.copies:
                self.copies.write(self.session_id, self._path.read_bytes())
        except OSError as error:
            raise MachineError("lake_not_writable", lake=self.folder.parent) from error

    def _open_file(self) -> int:
        """The session's file, locked during the session; it gets its name only after it is locked."""
        self.folder.mkdir(exist_ok=True)
        draft = self.folder / f".{self.session_id}"
        file = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        draft.rename(self._path)
        return file
