"""What programs leave in folders: every file with planted values, compressed ones too, and what stood in a file for a moment only."""

import gzip
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import duckdb

from support.read_attacks import leaked

# Folders of a project that hold values by their nature.
DATA = ("silver", "bronze", "gold", "quarantine", "landing", "rejects", "repairs", "cubes")
Columns = tuple[str, ...]


def texts_in(file: Path) -> str:
    """All that stands in a file, out of its compression too."""
    content = file.read_bytes()
    found = content.decode("utf-8", "replace")
    if content[:4] == content[-4:] == b"PAR1":
        with duckdb.connect() as con:
            return found + repr(con.execute("FROM read_parquet(?)", [str(file)]).fetchall())
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return found + "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return found + gzip.decompress(content).decode("utf-8", "replace") if content[:2] == b"\x1f\x8b" else found


def files_in(folder: Path) -> list[Path]:
    """Files below a folder, but for those of tables, and received ones, of lakes in it."""
    return [file for file in folder.rglob("*") if file.is_file() and not _is_data(file.relative_to(folder).parts)]


def _is_data(parts: tuple[str, ...]) -> bool:
    return "inbox" in parts or any(pair[0] == "lake" and pair[1] in DATA for pair in pairwise(parts))


def files_with_values(folder: Path, columns: Columns) -> list[str]:
    """Places, below a folder, of files that hold a planted value of these columns in any form."""
    return [str(file.relative_to(folder)) for file in files_in(folder) if leaked(texts_in(file), columns)]


@contextmanager
def watched(folders: list[Path], columns: Columns, pause: float = 0.05) -> Iterator[Callable[[], tuple[int, set[str]]]]:
    """Look into each new and grown file while the block runs; yields what tells the largest of them and where planted values stood."""
    known = {file: file.stat().st_size for folder in folders for file in files_in(folder)}
    largest, found, ended = [0], set(), threading.Event()

    def look() -> None:
        for file in (one for folder in folders for one in files_in(folder)):
            with suppress(OSError, duckdb.Error):  # gone, or not whole yet
                size = file.stat().st_size
                if known.get(file) != size:
                    found.update([file.name] if leaked(texts_in(file), columns) else [])
                    known[file] = size
                    largest.append(size)

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
