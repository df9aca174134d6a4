"""Storage of named objects: where a lake keeps what is no Delta table. A folder and an object store behave the same here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class ObjectStore(Protocol):
    """Named objects, each written and read whole. Names are relative, with `/` between parts."""

    def list_names(self, prefix: str) -> list[str]:
        """Names, without the prefix, of the objects directly below `prefix/`, in order; none without such a folder."""
        ...

    def read(self, name: str) -> bytes | None:
        """The object's bytes; None if it does not exist."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless it exists: of several callers at once, one succeeds.

        Returns:
            False if it exists. After a lost reply this can be the caller's own object: compare what it holds.
        """
        ...

    def replace(self, name: str, data: bytes) -> None:
        """Write the object; readers see the whole old or the whole new one."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object; nothing happens if it does not exist."""
        ...


class FileStore(ObjectStore, Protocol):
    """Named objects of any size, which are copied from and to files without being in memory as a whole."""

    def list_folders(self, prefix: str) -> list[str]:
        """Names, without the prefix, of the folders directly below `prefix/`, in order."""
        ...

    def walk(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Name without the prefix, bytes and time of change (seconds since 1970) of each object anywhere below `prefix/`."""
        ...

    def exists(self, name: str) -> bool:
        """Whether the object exists."""
        ...

    def upload(self, file: Path, name: str) -> None:
        """Write the object from a file, on disk on return; readers see the whole old or the whole new one."""
        ...

    def download(self, name: str, file: Path) -> bool:
        """Write the object's bytes over the file; False if the object does not exist."""
        ...
