"""The folder of the workers' sockets: for its owner alone, and locked as long as its server lives."""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "lakeward-server-"


class SocketFolder:
    """A new folder of mode 0700; folders of servers that were killed are deleted first.

    Args:
        parent: Where it lies; default: the machine's folder for temporary files.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        delete_abandoned_folders(parent)
        self.path, self._lock = _make_folder(parent)

    def delete(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def delete_abandoned_folders(parent: Path) -> None:
    """Delete this user's folders that no living server has locked."""
    for path in parent.glob(f"{_PREFIX}*"):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _make_folder(parent: Path) -> tuple[Path, int]:
    """A locked folder. Another server may delete one before it is locked: then there is a next one."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
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
