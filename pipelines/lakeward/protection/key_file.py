"""Reads files that others must not touch: keys, and declarations of whom Lakeward trusts."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import ProtectionError


@dataclass(frozen=True, slots=True)
class FileGuard:
    """What is demanded of a file.

    Args:
        forbidden: Permissions that it may not have.
        max_bytes: Its largest size.
    """

    forbidden: int
    max_bytes: int


# A key is short, and its owner's alone. A file that is trusted may be read by everybody, and written by its owner alone.
KEY_FILE = FileGuard(stat.S_IRWXG | stat.S_IRWXO, 65_536)
TRUSTED_FILE = FileGuard(stat.S_IWGRP | stat.S_IWOTH, 1_048_576)


def read_key_file(file: Path, lake: Path, variable: str, guard: FileGuard = KEY_FILE) -> bytes:
    """The content of a key file. A link is followed only within its own folder, as mounted secrets have it.

    Args:
        variable: The setting that names the file, for messages.

    Raises:
        ProtectionError: The file can't be read, lies in the lake, is a link to another folder or no regular file, belongs to another
            user, or others may read or replace it.
    """
    try:
        target = _check_place(file, lake, variable)
        handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            _check_file(file, os.fstat(stream.fileno()), variable, guard)  # of the open file, so that it is the one read
            return stream.read()
    except (OSError, RuntimeError):  # the latter: links that lead to each other
        raise ProtectionError("token_key_missing", file=file, variable=variable) from None


def _check_place(file: Path, lake: Path, variable: str) -> Path:
    """The file itself, after its links."""
    folder, target = file.parent.resolve(), file.resolve(strict=True)
    if any(place.is_relative_to(lake.resolve()) for place in (folder, target)):
        raise ProtectionError("token_key_in_lake", file=file, variable=variable)
    if not target.is_relative_to(folder):
        raise ProtectionError("token_key_link", file=file, variable=variable)
    for place in {folder, target.parent}:
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
            raise ProtectionError("token_key_folder", folder=place, mode=f"{mode:04o}")
    return target


def _check_file(file: Path, found: os.stat_result, variable: str, guard: FileGuard) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > guard.max_bytes:
        raise ProtectionError("token_key_no_file", file=file, variable=variable)
    if found.st_uid not in {os.geteuid(), 0}:
        raise ProtectionError("token_key_owner", file=file, expected=os.geteuid(), found=found.st_uid)
    mode = stat.S_IMODE(found.st_mode)
    if mode & guard.forbidden:
        raise ProtectionError("token_key_readable", file=file, mode=f"{mode:04o}")
