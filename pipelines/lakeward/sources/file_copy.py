"""Copies files into the landing, completely or not at all.

Files are copied, not hard-linked, so that a writer can't change a landed file.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lakeward.core.names import Sha256

# Small enough for the CPU's caches, large enough that the loop costs nothing.
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The result of a copy: its hash and its size in bytes."""

    sha256: Sha256
    size: int


class CopyFile(Protocol):
    """Copies a file and hashes it in the same pass."""

    def __call__(self, origin: Path, target: Path) -> CopyResult:
        """Copy `origin` over the existing `target` and sync it to disk."""
        ...


def copy_bytes(origin: Path, target: Path) -> CopyResult:
    """Copy `origin` over `target` and hash the written bytes; on disk on return.

    Raises:
        OSError: `origin` can't be read, or `target` can't be written.
    """
    digest, size = hashlib.sha256(), 0
    with origin.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return CopyResult(Sha256(digest.hexdigest()), size)


@contextlib.contextmanager
def scratch_file(folder: Path) -> Iterator[Path]:
    """An empty file in `folder`, deleted at the end unless renamed."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as file:
        path = Path(file.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Sync the folder, so that new names survive a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
