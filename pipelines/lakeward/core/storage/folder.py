"""Objects as files of a folder. Files that are being written have names that start with a dot, and are listed by no one."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderStore:
    """`ObjectStore` in a folder of a file system with hard links, as commits of Delta need it too.

    Args:
        root: Folder of the objects; created with the first one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def list_names(self, prefix: str) -> list[str]:
        """See `ObjectStore.list_names`."""
        try:
            return sorted(path.name for path in (self._root / prefix).iterdir() if not path.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name: str) -> bytes | None:
        """See `ObjectStore.read`."""
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`. By a hard link, which is atomic on network file systems too."""
        with self._write_draft(name, data) as written:
            try:
                os.link(written, self._root / name)
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """See `ObjectStore.replace`."""
        with self._write_draft(name, data) as written:
            written.replace(self._root / name)

    def delete(self, name: str) -> None:
        """See `ObjectStore.delete`."""
        (self._root / name).unlink(missing_ok=True)

    @contextmanager
    def _write_draft(self, name: str, data: bytes) -> Iterator[Path]:
        """A file of these bytes in the folder of the object, removed at the end unless it was renamed."""
        written = (self._root / name).parent / f".{uuid.uuid4()}"
        written.parent.mkdir(parents=True, exist_ok=True)
        try:
            written.write_bytes(data)
            yield written
        finally:
            written.unlink(missing_ok=True)
