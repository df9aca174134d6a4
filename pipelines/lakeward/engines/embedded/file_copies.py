"""Data files, on this machine, of tables in an object store: written here before they are stored, and small ones kept to be read.

A data file is never written again, so a copy stays right.
"""

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.log_mirror import mirror_folder

# Bytes: to ask a store once takes as long as to read so much.
_SMALL = 1 << 20
# Copies of one table, and files that are read from copies at once.
_MOST_COPIES, _MOST_READ = 64, 32
# Beside the copy of the log.
_FOLDER = "files"
# Requests at once.
_WORKERS = 8
# Seconds without a new byte after which a folder to write in is one of a program that was killed.
_ABANDONED = 86_400


@contextmanager
def folder_to_write(folder: LakePath) -> Iterator[Path]:
    """Where to write data files of the table: its own folder, or for an object store one that is removed at the end."""
    if isinstance(folder, Path):
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    _remove_abandoned(mirror_folder(folder))
    place = mirror_folder(folder) / f".{uuid.uuid4()}"
    place.mkdir(mode=0o700, parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_abandoned(mirror: Path) -> None:
    """Remove what killed programs were writing; another one may do so at once."""
    for place in mirror.glob(f".{'?' * 8}-*-*-*-*"):
        with suppress(OSError):
            if max(path.stat().st_mtime for path in (place, *place.rglob("*"))) < time.time() - _ABANDONED:
                shutil.rmtree(place, ignore_errors=True)


def store_files(folder: RemotePath, place: Path, files: Sequence[DataFile]) -> None:
    """Store the written files, and keep copies of small ones.

    Raises:
        MachineError: The store can't be reached, or refuses.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        for _ in pool.map(lambda file: folder.store.upload(place / file.path, f"{folder.key}/{file.path}"), files):
            pass
    copies = _copies(folder)
    for file in files:
        if file.size <= _SMALL:
            (place / file.path).replace(copies / _copy_name(file.path))


def read_places(folder: LakePath, files: Mapping[str, int]) -> list[str]:
    """Where to read the data files: in a folder where they lie; of an object store copies of small ones, and the store for others, or many.

    Args:
        files: Path below the table's folder -> bytes.

    Raises:
        MachineError: The store can't be reached, or refuses.
    """
    if isinstance(folder, Path) or len(files) > _MOST_READ:
        return [str(folder / path) for path in files]
    copies = _copies(folder)
    small = {path: copies / _copy_name(path) for path, size in files.items() if size <= _SMALL}
    missing = [path for path, copy in small.items() if not copy.is_file()]
    if missing:
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [*pool.map(lambda path: _fetch(folder, path, small[path]), missing)]
        for path, is_there in zip(missing, found, strict=True):
            if not is_there:  # the reader says what is missing
                del small[path]
    return [str(small[path]) if path in small else str(folder / path) for path in files]


def _copies(folder: RemotePath) -> Path:
    """The folder of the table's copies; of many the oldest are removed."""
    copies = mirror_folder(folder) / _FOLDER
    copies.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = [*copies.glob("[!.]*")]
    if len(found) > _MOST_COPIES:
        for copy in sorted(found, key=lambda path: path.stat().st_mtime)[: len(found) - _MOST_COPIES]:
            copy.unlink(missing_ok=True)
    return copies


def _copy_name(path: str) -> str:
    return path.replace("/", "%2F")


def _fetch(folder: RemotePath, path: str, copy: Path) -> bool:
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    is_there = folder.store.download(f"{folder.key}/{path}", draft)
    if is_there:
        draft.replace(copy)
    return is_there
