"""Reads a workbook's package: parts, sheets, and limits of the unpacked size.

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

from lakeward.core.workbook.cells import CellReader
from lakeward.core.workbook.merges import CellRange, MergedCells, merged_ranges
from lakeward.core.workbook.sheets import SheetRows, shared_strings
from lakeward.core.workbook.styles import number_formats
from lakeward.core.workbook.xml import UnreadableError, elements, translate_damage

# Maximum unpacked bytes of parts that are read whole: lists of sheets and styles, and shared texts, which stay in memory.
MAX_SMALL, MAX_STRINGS = 16 << 20, 256 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet with cells.

    Args:
        hidden: Whether the sheet is hidden.
        part: Path of its cells in the package.
    """

    name: str
    hidden: bool
    part: str


class Workbook:
    """An open workbook.

    Args:
        limit: Maximum unpacked bytes of a sheet: a small file can expand to more than a disk.

    Raises:
        UnreadableError: It is not a workbook, or it is damaged.
        OSError: It can't be opened.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        with translate_damage():
            self._zip = zipfile.ZipFile(path)
            # Some programs write Windows separators, and paths in another case than their references.
            self._parts = {entry.filename.replace("\\", "/").casefold(): entry for entry in self._zip.infolist()}
            main = next(part for kind, part in self._relationships("").values() if kind == "officeDocument")
            self._load(main)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    def sheet(self, name: str | None) -> Sheet:
        """The sheet called `name`, hidden or not; without a name the only visible sheet with data.

        Raises:
            UnreadableError: There is no such sheet, or more than one.
        """
        if name is not None:
            # Names of sheets ignore case, as in Excel.
            found = [sheet for sheet in self.sheets if sheet.name.casefold() == name.casefold()]
            if not found:
                raise UnreadableError("reject_workbook_without_sheet")
            return found[0]
        filled = self.nonempty_sheets()
        if not filled:
            raise UnreadableError("reject_workbook_empty")
        if len(filled) > 1:
            raise UnreadableError("reject_workbook_several_sheets")
        return filled[0]

    def nonempty_sheets(self) -> tuple[Sheet, ...]:
        """The visible sheets with data."""
        return tuple(sheet for sheet in self.sheets if not sheet.hidden and self._has_text(sheet))

    @contextmanager
    def rows(self, sheet: Sheet) -> Iterator[SheetRows]:
        """The rows of a sheet that have cells, in order.

        Raises:
            UnreadableError: While reading: the sheet is damaged or larger than the limit.
        """
        with translate_damage(), closing(self._open(sheet.part, self._limit)) as stream:
            yield SheetRows(stream, self._reader)

    def merged_ranges(self, sheet: Sheet) -> tuple[CellRange, ...]:
        """The merged cells of a sheet."""
        with translate_damage(), closing(self._open(sheet.part, self._limit)) as stream:
            return merged_ranges(stream)

    def merged_cells(self, sheet: Sheet) -> MergedCells:
        """The object that fills the merged cells of a sheet, row by row."""
        return MergedCells(self.merged_ranges(sheet))

    def _has_text(self, sheet: Sheet) -> bool:
        with self.rows(sheet) as rows:
            return any(text.strip() for _, cells in rows for text in cells.values())

    def _load(self, main: str) -> None:
        links = self._relationships(main)
        parts = {kind: part for kind, part in links.values() if kind in {"styles", "sharedStrings"}}
        found = self._elements(main)
        workbook_properties = [links_ for name, links_ in found if name == "workbookPr"]
        self.sheets = tuple(
            Sheet(attributes["name"], attributes.get("state", "visible") != "visible", links[attributes["id"]][1])
            for name, attributes in found
            if name == "sheet" and links[attributes["id"]][0] == "worksheet"
        )
        strings = []
        if self._has_part(parts.get("sharedStrings")):
            with closing(self._open(parts["sharedStrings"], MAX_STRINGS)) as stream:
                strings = shared_strings(stream)
        styles = number_formats(self._elements(parts["styles"])) if self._has_part(parts.get("styles")) else ()
        self._reader = CellReader(
            strings, styles, since_1904=any(attributes.get("date1904") in {"1", "true"} for attributes in workbook_properties)
        )

    def _relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """The kind and target of each relationship of a part, or of the package, by id."""
        folder, _, name = part.rpartition("/")
        found = self._elements(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            attributes["Id"]: (
                attributes["Type"].rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/"),
            )
            for kind, attributes in found
            if kind == "Relationship" and attributes.get("TargetMode") != "External"
        }

    def _elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        with closing(self._open(part, MAX_SMALL)) as stream:
            return elements(stream)

    def _has_part(self, part: str | None) -> bool:
        return part is not None and part.casefold() in self._parts

    def _open(self, part: str, limit: int) -> IO[bytes]:
        """The bytes of a part; Python returns at most the size stated in the package."""
        found = self._parts[part.casefold()]
        if found.file_size > limit:
            raise UnreadableError("reject_workbook_too_large")
        return self._zip.open(found)
