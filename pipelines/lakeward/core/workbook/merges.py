"""Merged cells: a workbook stores the value in the first cell, and it applies to all of them."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from lakeward.core.workbook.xml import UnreadableError

# Excel's maximum size of a sheet (from Excel's specification; ECMA-376 has none).
ROWS, COLUMNS = 1_048_576, 16_384
# Maximum bytes after the cells of a sheet: merges, formats, links.
MAX_BYTES_AFTER_CELLS = 64 << 20
_CHUNK = 1 << 20
_END = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")


def column_number(letters: str) -> int:
    """The number of a column, from 1.

    Raises:
        ValueError: The column does not exist.
    """
    number = 0
    for letter in letters:
        digit = ord(letter) - ord("A") + 1
        if not 1 <= digit <= 26:
            raise ValueError("column")
        number = number * 26 + digit
    if not 1 <= number <= COLUMNS:
        raise ValueError("column")
    return number


@dataclass(frozen=True, slots=True, order=True)
class CellRange:
    """Merged cells, from the first row and column to the last, numbers from 1."""

    top: int
    left: int
    bottom: int
    right: int


def merged_ranges(stream: IO[bytes]) -> tuple[CellRange, ...]:
    """The merged ranges of a sheet, by their first rows.

    They come after the cells, so the bytes are searched without parsing the cells, which takes a tenth of the time.
    """
    found = [
        CellRange(int(top), column_number(left.decode()), int(bottom), column_number(right.decode()))
        for left, top, right, bottom in _MERGE.findall(_bytes_after_cells(stream))
    ]
    return tuple(sorted(found))


def _bytes_after_cells(stream: IO[bytes]) -> bytes:
    """The bytes of a sheet after its cells."""
    last, end = b"", None
    while end is None:
        chunk = stream.read(_CHUNK)
        if not chunk:
            raise UnreadableError("reject_workbook_damaged")
        # The end can be split over two chunks.
        last = last[-len(b"</prefix:sheetData >") :] + chunk
        end = _END.search(last)
    found = last[end.end() :] + stream.read(MAX_BYTES_AFTER_CELLS)
    if stream.read(1):
        raise UnreadableError("reject_workbook_too_large")
    return found


class MergedCells:
    """Fills merged cells with their value, row by row in order."""

    def __init__(self, merged: Iterable[CellRange]) -> None:
        self._pending = deque(merged)
        self._active: list[tuple[CellRange, str]] = []

    def fill(self, number: int, cells: Mapping[int, str], width: int) -> dict[int, str]:
        """The cells of row `number` with merged cells filled, up to column `width`."""
        self._active = [entry for entry in self._active if entry[0].bottom >= number]
        while self._pending and self._pending[0].top <= number:
            merged = self._pending.popleft()
            if merged.bottom >= number and (value := cells.get(merged.left)) is not None and merged.top == number:
                self._active.append((merged, value))
        if len(self._active) > COLUMNS:
            raise UnreadableError("reject_workbook_damaged")
        filled = dict(cells)
        for merged, value in self._active:
            filled.update(dict.fromkeys(range(merged.left, min(merged.right, width) + 1), value))
        return filled
