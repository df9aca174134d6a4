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

from lakeward.core.workbook.cells import CellReader
from lakeward.core.workbook.merges import CellRange, MergedCells, merged_ranges
from lakeward.core.workbook.sheets import SheetRows, shared_strings
from lakeward.core.workbook.styles import number_formats
from lakeward.core.workbook.xml import UnreadableError, elements, translate_damage

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
        with translate_damage():
            self._zip = zipfile.ZipFile(path)
            # Some programs write Windows' separators, and other letters' cases than they name.
            self._parts = {entry.filename.replace("\\", "/").casefold(): entry for entry in self._zip.infolist()}
            main = next(part for kind, part in self._relationships("").values() if kind == "officeDocument")
            self._load(main)

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
        filled = self.nonempty_sheets()
        if not filled:
            raise UnreadableError("reject_workbook_empty")
        if len(filled) > 1:
            raise UnreadableError("reject_workbook_several_sheets")
        return filled[0]

    def nonempty_sheets(self) -> tuple[Sheet, ...]:
        """The sheets that a person sees and that hold something."""
        return tuple(sheet for sheet in self.sheets if not sheet.hidden and self._has_text(sheet))

    @contextmanager
    def rows(self, sheet: Sheet) -> Iterator[SheetRows]:
        """The rows of a sheet that have cells, in their order.

        Raises:
            UnreadableError: While they are read: the sheet is damaged, or larger than allowed.
        """
        with translate_damage(), closing(self._open(sheet.part, self._limit)) as stream:
            yield SheetRows(stream, self._reader)

    def merged_ranges(self, sheet: Sheet) -> tuple[CellRange, ...]:
        """The merged cells of a sheet."""
        with translate_damage(), closing(self._open(sheet.part, self._limit)) as stream:
            return merged_ranges(stream)

    def merged_cells(self, sheet: Sheet) -> MergedCells:
        """What fills the merged cells of a sheet, row after row."""
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
        """By their ids: the kind and the target of each relationship of a part, or of the package."""
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
        """A part's bytes; Python gives no more of them than the package says there are."""
        found = self._parts[part.casefold()]
        if found.file_size > limit:
            raise UnreadableError("reject_workbook_too_large")
        return self._zip.open(found)
