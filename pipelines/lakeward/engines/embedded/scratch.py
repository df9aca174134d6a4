"""Creates a session's scratch folder inside the lake and removes those of killed sessions.

The owner holds a lock on its folder, which the operating system releases when the process ends.
"""

import fcntl
import os
import shutil
import uuid
from pathlib import Path


class ScratchFolder:
    """A folder of this session; folders of ended sessions are removed.

    Args:
        lake: Folder of the lake's tables; created if missing.
    """

    def __init__(self, lake: Path) -> None:
        home = lake / ".scratch"
        home.mkdir(parents=True, exist_ok=True)
        # Held while folders are created and swept, so that a new one is never removed.
        gate = _lock_folder(home, fcntl.LOCK_EX)
        try:
            for left in home.iterdir():
                _remove_if_dead(left)
            self.path = home / str(uuid.uuid4())
            self.path.mkdir(mode=0o700)  # its files hold rows, and a reader of one of them may see less than their writer
            self._lock = _lock_folder(self.path, fcntl.LOCK_EX)
        finally:
            os.close(gate)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = _lock_folder(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _lock_folder(folder: Path, mode: int) -> int:
    """Lock the folder; the lock is held until the returned descriptor is closed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, mode)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor
