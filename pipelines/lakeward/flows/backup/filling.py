"""Fills an empty lake with the files of another, from a backup or from where it lies. Cut off, it goes on with what is missing.

The table of schema versions is written last: until then no program opens the lake.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import DataError
from lakeward.core.storage import FileStore
from lakeward.core.storage.lake import Lake, store_of
from lakeward.flows.backup.closed_lake import SCHEMA_FOLDER, open_for_filling, open_to_all
from lakeward.flows.backup.manifest import is_below
from lakeward.flows.backup.repository import file_hash

# Files written at once.
_WORKERS = 8
# Events of lineage: in a folder by what became of them, in an object store side by side.
_EVENT = re.compile(r"lineage/(?:(?:sent|refused)/|\d+\.\d-)(?P<id>[^/]+\.json)")
_WINDOW_FILE = re.compile(r"(?P<folder>landing/[^/]+/windows)/(?P<file>[^/]+)")
_STORED_WINDOW_FILE = re.compile(r"(?P<folder>landing/[^/]+/windows)/\d{20}/(?P<file>[^/]+)")
_OF_A_COLLECTOR = re.compile(r"landing/[^/]+/(?:segments/[^/]+|windows/(?:lock|(?:ready-|\.).*)|events/.*|\.[^/]*)")
_STORED_EVENT = re.compile(r"lineage/(?P<id>[^/]+\.json)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """A file to write.

    Args:
        name: Below the lake that it comes from.
        sha256: Hash of its bytes; None where it is not known.
        content: Opens its bytes as a file, given a path for a copy; None if they are not what they were.
        is_final: Whether a file of this name and size is always the same.
    """

    name: str
    size: int
    sha256: str | None
    content: Callable[[Path], AbstractContextManager[Path | None]]
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class FillCount:
    """What a filling did: files and bytes written, and files that an earlier attempt had left."""

    written: int
    bytes: int
    kept: int

    def __add__(self, other: "FillCount") -> "FillCount":
        """Both together."""
        return FillCount(self.written + other.written, self.bytes + other.bytes, self.kept + other.kept)


def placed_name(name: str, *, from_store: bool, to_store: bool) -> str | None:
    """The name of a lake's file in a folder or an object store; None if it has no place there."""
    if from_store == to_store:
        return name
    if name.startswith("landing/"):
        return _landed_name(name, to_store=to_store)
    if not name.startswith("lineage/"):
        return name
    found = (_EVENT if to_store else _STORED_EVENT).fullmatch(name)
    if found is None:
        return None
    return f"lineage/{found['id']}" if to_store else f"lineage/sent/{found['id']}"


def _landed_name(name: str, *, to_store: bool) -> str | None:
    """What is known with windows has the number of a segment in its name in a store; what collectors write for themselves stays."""
    if to_store and _OF_A_COLLECTOR.fullmatch(name):
        return None
    found = (_WINDOW_FILE if to_store else _STORED_WINDOW_FILE).fullmatch(name)
    if found is None:
        return name
    return f"{found['folder']}/{0:020}/{found['file']}" if to_store else f"{found['folder']}/{found['file']}"


class LakeFilling:
    """The filling of one lake, which no program opens until its end.

    Args:
        source: What the lake is filled from: an attempt that was cut off is gone on with only from the same.
        from_store: Whether the names of files are those of a lake in an object store.
        scratch: Folder for copies.

    Raises:
        UsageError: The lake has tables, or is being filled from something else.
    """

    def __init__(self, lake: Lake, source: str, *, from_store: bool, scratch: Path) -> None:
        self._lake, self._from_store, self._to_store = lake, from_store, lake.options is not None
        is_resumed = open_for_filling(lake, source)
        store = store_of(lake.root())
        self._writer = _Writer(store, {name: size for name, size, _ in store.walk("")} if is_resumed else {}, scratch)

    def write(self, files: Iterable[Filling]) -> FillCount:
        """Write all files but those of the table of schema versions; those that are there already are left.

        Raises:
            DataError: A file is damaged where it comes from, or its name leads out of the lake.
        """
        with ThreadPoolExecutor(_WORKERS) as pool:
            return _count(pool.map(self._writer.write, self._files_with_names(files, of_schema=False)))

    def finish(self, files: Iterable[Filling]) -> FillCount:
        """Write the table of schema versions, and open the lake to all programs. Raises as `write`."""
        placed = sorted(self._files_with_names(files, of_schema=True), key=lambda each: ("_delta_log" in each[0], each[0]))
        count = _count(map(self._writer.write, placed))  # the rows before the log
        open_to_all(self._lake)
        return count

    def _files_with_names(self, files: Iterable[Filling], *, of_schema: bool) -> Iterator[tuple[str, Filling]]:
        for file in files:
            name = placed_name(file.name, from_store=self._from_store, to_store=self._to_store)
            if name and not is_below(name):
                raise DataError("fill_escapes", file=ascii(name), lake=self._lake)
            if name and name.startswith(f"{SCHEMA_FOLDER}/") is of_schema:
                yield name, file


def _count(sizes: Iterable[int | None]) -> FillCount:
    found = [*sizes]
    written = [size for size in found if size is not None]
    return FillCount(len(written), sum(written), len(found) - len(written))


@dataclass(slots=True)
class _Writer:
    store: FileStore
    there: dict[str, int]
    scratch: Path

    def write(self, placed: tuple[str, Filling]) -> int | None:
        """Write a file; returns its bytes, or None if it is there."""
        name, file = placed
        copy = self.scratch / str(uuid.uuid4())
        if self.there.get(name) == file.size and (file.is_final or self._is_same(name, file, copy)):
            return None
        with file.content(copy) as content:
            if content is None:
                raise DataError("backup_object_damaged", file=file.name, object=file.sha256 or "-")
            self.store.upload(content, name)
        self.there[name] = file.size
        return file.size

    def _is_same(self, name: str, file: Filling, copy: Path) -> bool:
        there = copy.with_suffix(".there")
        try:
            return file.sha256 is not None and self.store.download(name, there) and file_hash(there) == file.sha256
        finally:
            there.unlink(missing_ok=True)
