"""A folder in the system's folder of temporary files: for its owner alone, and locked as long as its process lives."""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class LockedFolder:
    """A new folder of mode 0700; those of this prefix whose processes were killed are deleted first.

    Args:
        prefix: Beginning of its name.
        place: Folder that it lies in; None for the system's folder of temporary files.
    """

    def __init__(self, prefix: str, place: Path | None = None) -> None:
        place = place or Path(tempfile.gettempdir())
        delete_abandoned_folders(prefix, place)
        self.path, self._lock = _make_folder(prefix, place)

    def delete(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def delete_abandoned_folders(prefix: str, place: Path) -> None:
    """Delete this user's folders of this prefix there that no living process has locked."""
    for path in place.glob(f"{prefix}*"):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _make_folder(prefix: str, place: Path) -> tuple[Path, int]:
    """A locked folder. Another process may delete one before it is locked: then there is a next one."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        lock = _lock(path)
        if lock is not None and path.exists():
            return path, lock
        if lock is not None:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """The lock of a folder of this user; None if another process has it, or it is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        found = os.fstat(handle)
        if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
    os.close(handle)
    return None
