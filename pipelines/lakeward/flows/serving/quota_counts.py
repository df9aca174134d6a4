"""Where the rows of accounts are counted: a small file per account under a lock, or an object that is replaced only as it was read."""

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lakeward.core.errors import MachineError, TransientError
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.probe import check_conditional_replace

# Folder of the counts, beside the entries that are not committed yet.
QUOTA_FOLDER = "quota"
# Times that a count is read again because another process changed it meanwhile.
_TRIES = 200
# Gives the next content of a count, a JSON object, for its present one, which is None before the first; what it raises changes nothing.
Change = Callable[[bytes | None], bytes | None]


class QuotaCounts(Protocol):
    """Counts by name, each changed by one process at a time."""

    def change(self, name: str, change: Change) -> None:
        """Replace the count by the result of `change`; None leaves it.

        Raises:
            MachineError: The lake can't be written.
            TransientError: Others changed it all the time.
        """
        ...

    def pending(self) -> Iterator[bytes]:
        """Contents of the files of entries that are not committed yet."""
        ...


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """Counts in files of a folder.

    Args:
        folder: Folder of the entries of the access log that are not committed yet.
    """

    folder: Path

    def change(self, name: str, change: Change) -> None:
        """See `QuotaCounts.change`."""
        file = self.folder / QUOTA_FOLDER / f"{name}.json"
        handle = self._open(file.with_suffix(".lock"))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            content = change(_read(file))
            if content is not None:
                draft = file.with_suffix(".new")
                draft.write_bytes(content)
                draft.replace(file)
        except OSError as error:
            raise MachineError("lake_not_writable", lake=self.folder.parent) from error
        finally:
            os.close(handle)

    def pending(self) -> Iterator[bytes]:
        """See `QuotaCounts.pending`."""
        for path in self.folder.glob("*.jsonl"):
            if (content := _read(path)) is not None:  # else committed meanwhile
                yield content

    def _open(self, lock: Path) -> int:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            return os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MachineError("lake_not_writable", lake=self.folder.parent) from error


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """Counts in objects of a lake's object store, which several machines change.

    Args:
        folder: Name in the store of the entries of the access log that are not committed yet.
    """

    lake: Lake
    folder: str

    def change(self, name: str, change: Change) -> None:
        """See `QuotaCounts.change`.

        Raises:
            MachineError: Also if the store replaces objects whatever they are (`quota_store_unsafe`).
        """
        check_conditional_replace(self.lake)
        store, key, mark = self.lake.bucket(), f"{self.folder}/{QUOTA_FOLDER}/{name}.json", uuid.uuid4().hex
        assert store is not None
        for _ in range(_TRIES):
            found = store.read_tagged(key)
            if found and mark.encode() in found[0]:  # written, but the reply was lost
                return
            content = change(found[0] if found else None)
            if content is None:
                return
            marked = json.dumps({**json.loads(content), "by": mark}).encode()
            if store.replace_as_read(key, marked, found[1] if found else None):
                return
        raise TransientError("quota_busy")

    def pending(self) -> Iterator[bytes]:
        """See `QuotaCounts.pending`."""
        store = self.lake.bucket()
        assert store is not None
        for name in store.list_names(self.folder):
            if (content := store.read(f"{self.folder}/{name}")) is not None:
                yield content


def counts_of(lake: Lake, folder: str) -> QuotaCounts:
    """The counts of a lake.

    Args:
        folder: Name below the lake of the folder of entries that are not committed yet.
    """
    return StoredCounts(lake, folder) if lake.options else FolderCounts(lake.files / folder)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
