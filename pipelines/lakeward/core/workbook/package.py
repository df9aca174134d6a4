"""A workbook's package: which parts it has, which sheets, and how far it may be unpacked.

Source: ECMA-376 part 2 (parts and relationships), part 1, 18.2 (workbook).
"""

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lakeward.core.workbook.cells import Reader
from lakeward.core.workbook.merges import Merges, Range, ranges
from lakeward.core.workbook.sheets import Rows, shared_strings
from lakeward.core.workbook.styles import shows
from lakeward.core.workbook.xml import UnreadableError, damage_told, elements

# Unpacked bytes of what is read whole: lists of sheets and styles, and the shared texts, which stay in memory.
MAX_SMALL, MAX_STRINGS = 16 << 20, 256 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet with cells.

    Args:
        hidden: A person does not see it.
        part: Where its cells lie in the package.
    """

    name: str
    hidden: bool
    part: str


class Workbook:
    """An open workbook.

    Args:
        limit: How many bytes a sheet may have, unpacked: a small file can hold more than a disk.

    Raises:
        UnreadableError: It is no workbook, or a damaged one.
        OSError: It can't be opened.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        with damage_told():
            self._zip = zipfile.ZipFile(path)
            # Some programs write Windows' separators, and other letters' cases than they name.
            self._parts = {one.filename.replace("\\", "/").casefold(): one for one in self._zip.infolist()}
            main = next(part for kind, part in self._links("").values() if kind == "officeDocument")
            self._read(main)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    def sheet(self, name: str | None) -> Sheet:
        """The sheet called `name`, hidden or not; without a name the only one that a person sees with something in it.

        Raises:
            UnreadableError: There is no such sheet, or more than one.
        """
        if name is not None:
            # Excel does not tell two sheets by their letters' case either.
            found = [sheet for sheet in self.sheets if sheet.name.casefold() == name.casefold()]
            if not found:
                raise UnreadableError("reject_workbook_without_sheet")
            return found[0]
        filled = self.filled()
        if not filled:
            raise UnreadableError("reject_workbook_empty")
        if len(filled) > 1:
            raise UnreadableError("reject_workbook_several_sheets")
        return filled[0]

    def filled(self) -> tuple[Sheet, ...]:
        """The sheets that a person sees and that hold something."""
        return tuple(sheet for sheet in self.sheets if not sheet.hidden and self._holds(sheet))

    @contextmanager
    def rows(self, sheet: Sheet) -> Iterator[Rows]:
        """The rows of a sheet that have cells, in their order.

        Raises:
            UnreadableError: While they are read: the sheet is damaged, or larger than allowed.
        """
        with damage_told(), closing(self._open(sheet.part, self._limit)) as stream:
            yield Rows(stream, self._reader)

    def ranges(self, sheet: Sheet) -> tuple[Range, ...]:
        """The merged cells of a sheet."""
        with damage_told(), closing(self._open(sheet.part, self._limit)) as stream:
            return ranges(stream)

    def merges(self, sheet: Sheet) -> Merges:
        """What fills the merged cells of a sheet, row after row."""
        return Merges(self.ranges(sheet))

    def _holds(self, sheet: Sheet) -> bool:
        with self.rows(sheet) as rows:
            return any(text.strip() for _, cells in rows for text in cells.values())

    def _read(self, main: str) -> None:
        links = self._links(main)
        parts = {kind: part for kind, part in links.values() if kind in {"styles", "sharedStrings"}}
        found = self._elements(main)
        given = [links_ for name, links_ in found if name == "workbookPr"]
        self.sheets = tuple(
            Sheet(one["name"], one.get("state", "visible") != "visible", links[one["id"]][1])
            for name, one in found
            if name == "sheet" and links[one["id"]][0] == "worksheet"
        )
        strings = []
        if self._has(parts.get("sharedStrings")):
            with closing(self._open(parts["sharedStrings"], MAX_STRINGS)) as stream:
                strings = shared_strings(stream)
        styles = shows(self._elements(parts["styles"])) if self._has(parts.get("styles")) else ()
        self._reader = Reader(strings, styles, since_1904=any(one.get("date1904") in {"1", "true"} for one in given))

    def _links(self, part: str) -> dict[str, tuple[str, str]]:
        """By their ids: the kind and the target of each relationship of a part, or of the package."""
        folder, _, name = part.rpartition("/")
        found = self._elements(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            one["Id"]: (
                one["Type"].rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, one["Target"])).lstrip("/"),
            )
            for kind, one in found
            if kind == "Relationship" and one.get("TargetMode") != "External"
        }

    def _elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        with closing(self._open(part, MAX_SMALL)) as stream:
            return elements(stream)

    def _has(self, part: str | None) -> bool:
        return part is not None and part.casefold() in self._parts

    def _open(self, part: str, limit: int) -> IO[bytes]:
        """A part's bytes; Python gives no more of them than the package says there are."""
        found = self._parts[part.casefold()]
        if found.file_size > limit:
            raise UnreadableError("reject_workbook_too_large")
        return self._zip.open(found)
