"""The file of the register of accounts: outside the lake, readable only by its owner, and replaced atomically.

Readers and kills see the register before or after a change. Concurrent changes wait for a lock.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lakeward.core.errors import LakewardError, MachineError, ProtectionError, TransientError
from lakeward.protection.register import AccountRegister

# Bytes; a register of 100,000 accounts has a third of that.
MAX_BYTES = 128 * 1024 * 1024
# Seconds to wait for the lock, and between two tries.
LOCK_SECONDS, LOCK_PAUSE = 10.0, 0.02
OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


def read_register(file: Path, lake: Path) -> AccountRegister:
    """Read the register; empty if the file does not exist.

    Raises:
        ProtectionError: The file is in the lake, not a regular file, owned by another user, readable or replaceable by others, or
            was tampered with.
        MachineError: The file can't be read.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | _OPEN)
    except FileNotFoundError:
        return AccountRegister(str(file))
    except OSError as error:
        raise _not_readable(file, error) from None
    try:
        _check_outside(file, lake)
        _check_folder(file)
        _check_file(file, os.fstat(handle))
        with open(handle, "rb", closefd=False) as stream:
            register = AccountRegister(str(file), stream.read(MAX_BYTES))
    except OSError as error:
        raise _not_readable(file, error) from None
    finally:
        os.close(handle)
    register.check()
    return register


def file_stamp(file: Path) -> tuple[int, ...] | None:
    """Metadata that change with every change of the file; None if it does not exist."""
    try:
        found = file.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def change_register(file: Path, lake: Path, change: Callable[[AccountRegister], AccountRegister]) -> AccountRegister:
    """Replace the register by the result of `change`, and return it. Nothing is written if `change` raises.

    Raises:
        ProtectionError: As `read_register`.
        TransientError: Another change did not end in time.
        MachineError: The file can't be written; it stays unchanged.
    """
    try:
        _check_outside(file, lake)
        _make_folder(file)
        _check_folder(file)
        with _lock(file):
            register = change(read_register(file, lake))
            _replace(file, register.content)
    except OSError as error:
        raise MachineError("accounts_not_writable", file=file, found=error.strerror) from None
    return register


def _make_folder(file: Path) -> None:
    """Create the folder, readable only by its owner and ignored by Git. An existing folder stays unchanged."""
    if not file.parent.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (file.parent / ".gitignore").write_text("*\n", encoding="ascii")


def _check_outside(file: Path, lake: Path) -> None:
    if file.resolve().is_relative_to(lake.resolve()):
        raise ProtectionError("accounts_in_lake", file=file)


def _check_folder(file: Path) -> None:
    mode = file.parent.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        raise ProtectionError("accounts_folder_writable", folder=file.parent, mode=f"{stat.S_IMODE(mode):04o}")


def _check_file(file: Path, found: os.stat_result) -> None:
    """Check the metadata of the open file, so that the checked file is the one that is read."""
    if not stat.S_ISREG(found.st_mode) or found.st_size >= MAX_BYTES:
        raise ProtectionError("accounts_no_file", file=file)
    if found.st_uid != os.geteuid():
        raise ProtectionError("accounts_owner", file=file, expected=os.geteuid(), found=found.st_uid)
    if found.st_mode & OTHERS:
        raise ProtectionError("accounts_readable", file=file, mode=f"{stat.S_IMODE(found.st_mode):04o}")


def _not_readable(file: Path, error: OSError) -> LakewardError:
    if file.is_symlink():
        return ProtectionError("accounts_no_file", file=file)
    return MachineError("accounts_not_readable", file=file, found=error.strerror)


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Hold the lock of all changes; the system releases it if the process dies."""
    handle = os.open(file.with_name(f"{file.name}.lock"), os.O_CREAT | os.O_RDWR | _OPEN, 0o600)
    try:
        _wait_for_lock(handle, file)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, file: Path) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TransientError("accounts_busy", file=file) from None
            time.sleep(LOCK_PAUSE)
        else:
            return


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)  # left by a killed change
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _OPEN, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
