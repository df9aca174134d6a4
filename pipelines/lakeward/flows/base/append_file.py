"""Appends to a log file: the whole of what is appended is in it, or nothing."""

import os

# Bytes that are read in one step.
_STEP = 65_536


def append_whole(file: int, content: bytes) -> None:
    """Append to an open file, on disk on return; after a failure the file ends where it ended before.

    Raises:
        OSError: The file can't be written.
    """
    end = os.lseek(file, 0, os.SEEK_END)
    try:
        while content:  # one call may write fewer bytes, as on a disk that is almost full
            content = content[os.write(file, content) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def last_part(file: int) -> bytes:
    """What follows the last line end of an open file: nothing, or a line that a killed writer left unfinished.

    Raises:
        OSError: The file can't be read.
    """
    end = start = os.lseek(file, 0, os.SEEK_END)
    tail = b""
    while start and b"\n" not in tail:
        start = max(0, start - _STEP)
        tail = os.pread(file, end - start, start)
    return tail.rpartition(b"\n")[2]
