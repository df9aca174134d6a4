"""What programs leave in folders: every file with planted values, compressed ones too, and what stood in a file for a moment only."""

import gzip
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import duckdb

from lakeward.engines.embedded.databases import plain_database
from support.read_attacks import leaked

# Folders of a project that hold values by their nature.
DATA = ("silver", "bronze", "gold", "quarantine", "landing", "rejects", "repairs", "cubes")
Columns = tuple[str, ...]


def texts_in(file: Path) -> str:
    """All that stands in a file, out of its compression too."""
    content = file.read_bytes()
    found = content.decode("utf-8", "replace")
    if content[:4] == content[-4:] == b"PAR1":
        with plain_database() as con:
            return found + repr(con.execute("FROM read_parquet(?)", [str(file)]).fetchall())
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return found + "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return found + gzip.decompress(content).decode("utf-8", "replace") if content[:2] == b"\x1f\x8b" else found


def files_in(folder: Path) -> list[Path]:
    """Files below a folder, but for those of tables, and received ones, of lakes in it; folders may go meanwhile."""
    found = (Path(parent) / name for parent, _, names in os.walk(folder, onerror=_unless_gone) for name in names)
    return [file for file in found if file.is_file() and not _is_data(file.relative_to(folder).parts)]


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _is_data(parts: tuple[str, ...]) -> bool:
    return "inbox" in parts or any(pair[0] == "lake" and pair[1] in DATA for pair in pairwise(parts))


def files_with_values(folder: Path, columns: Columns) -> list[str]:
    """Places, below a folder, of files that hold a planted value of these columns in any form."""
    return [str(file.relative_to(folder)) for file in files_in(folder) if _holds(file, columns)]


def _holds(file: Path, columns: Columns) -> bool:
    with suppress(FileNotFoundError):  # a running server takes files away
        return bool(leaked(texts_in(file), columns))
    return False


def _state(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


@contextmanager
def watched(folders: list[Path], columns: Columns, pause: float = 0.05) -> Iterator[Callable[[], tuple[int, set[str]]]]:
    """Look into each new and changed file while the block runs; yields what tells the largest of them and where planted values stood."""
    known = {file: _state(file) for folder in folders for file in files_in(folder)}
    largest, found, ended = [0], set(), threading.Event()

    def look() -> None:
        for file in (one for folder in folders for one in files_in(folder)):
            with suppress(OSError, duckdb.Error):  # gone, or not whole yet
                state = _state(file)
                if known.get(file) != state:
                    found.update([file.name] if leaked(texts_in(file), columns) else [])
                    known[file] = state
                    largest.append(state[0])

    def look_on() -> None:
        while not ended.wait(pause):
            look()

    thread = threading.Thread(target=look_on)
    thread.start()
    try:
        yield lambda: (max(largest), found)
    finally:
        ended.set()
        thread.join()
