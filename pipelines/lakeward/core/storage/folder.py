"""Objects as files of a folder. Files that are being written have names of their own form, and are listed by no one."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lakeward.core.storage.links import link_new

_DRAFT = re.compile(r"\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FolderStore:
    """`FileStore` in a folder of a file system with hard links, as commits of Delta need it too.

    Args:
        root: Folder of the objects; created with the first one.
        mode: Permissions of uploaded files, before the mask of the process.
    """

    def __init__(self, root: Path, mode: int = 0o666) -> None:
        self._root, self._mode = root, mode

    def __str__(self) -> str:
        return str(self._root)

    def list_names(self, prefix: str) -> list[str]:
        """See `ObjectStore.list_names`."""
        try:
            with os.scandir(self._root / prefix) as found:
                return sorted(each.name for each in found if not each.is_dir() and not _DRAFT.fullmatch(each.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def list_folders(self, prefix: str) -> list[str]:
        """See `FileStore.list_folders`."""
        try:
            return sorted(path.name for path in (self._root / prefix).iterdir() if path.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """See `FileStore.walk`. A file that is removed meanwhile is left out."""
        start = self._root / prefix
        for folder, _, names in os.walk(start):
            for name in names:
                path = Path(folder, name)
                if not _DRAFT.fullmatch(name):
                    with suppress(FileNotFoundError):
                        found = path.stat()
                        yield path.relative_to(start).as_posix(), found.st_size, found.st_mtime

    def exists(self, name: str) -> bool:
        """See `FileStore.exists`."""
        return (self._root / name).is_file()

    def read(self, name: str) -> bytes | None:
        """See `ObjectStore.read`."""
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`.

        Raises:
            MachineError: The file system has no hard links (`folder_without_links`).
        """
        with self._write_draft(name, data) as written:
            try:
                link_new(written, self._root / name)
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """See `ObjectStore.replace`."""
        with self._write_draft(name, data) as written:
            written.replace(self._root / name)

    def upload(self, file: Path, name: str) -> None:
        """See `FileStore.upload`."""
        with self._draft(name) as draft:
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, self._mode)
            with file.open("rb") as source, os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            draft.replace(self._root / name)
            _sync(draft.parent)

    def download(self, name: str, file: Path) -> bool:
        """See `FileStore.download`."""
        try:
            shutil.copyfile(self._root / name, file)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """See `ObjectStore.delete`."""
        (self._root / name).unlink(missing_ok=True)

    @contextmanager
    def _write_draft(self, name: str, data: bytes) -> Iterator[Path]:
        """A file of these bytes in the folder of the object, removed at the end unless it was renamed."""
        with self._draft(name) as written:
            written.write_bytes(data)
            yield written

    @contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        """The path of a draft in the folder of the object; what is still there is removed at the end."""
        draft = (self._root / name).parent / f".{uuid.uuid4()}"
        draft.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
