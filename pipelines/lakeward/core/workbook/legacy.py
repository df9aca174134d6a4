"""Workbooks of Excel before 2007 (.xls, [MS-XLS]) as rows of texts, by `xlrd` (extra `xls`): the same texts as of an .xlsx.

xlrd holds a sheet whole in memory; one has at most 65,536 rows of 256 columns.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from lakeward.core.errors import MachineError
from lakeward.core.workbook.cells import CellReader
from lakeward.core.workbook.merges import CellRange
from lakeward.core.workbook.package import Sheet, Workbook
from lakeward.core.workbook.sheets import Row
from lakeward.core.workbook.styles import NumberFormat, number_format
from lakeward.core.workbook.xml import UnreadableError

# What a damaged file makes xlrd say, beside its own errors.
_DAMAGE_ERRORS = (
    struct.error,
    LookupError,
    ArithmeticError,
    MemoryError,
    ValueError,
    AssertionError,
    TypeError,
    AttributeError,
    EOFError,
    RecursionError,
)
# Types of cells as xlrd has them; others hold nothing.
_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = range(1, 6)


class LegacyWorkbook(Workbook):
    """An open .xls, seen as any workbook.

    Raises:
        MachineError: The extra `xls` is not installed.
        UnreadableError: It is no workbook, a damaged one, one with a password, or larger than `limit`.
        OSError: It can't be opened.
    """

    def __init__(self, path: Path, limit: int) -> None:
        check_legacy_reader(path)
        if path.stat().st_size > limit:
            raise UnreadableError("reject_workbook_too_large")
        import xlrd  # noqa: PLC0415 -- an extra

        # xlrd prints what it finds odd.
        with Path(os.devnull).open("w", encoding="utf-8") as silence, _translate_damage():
            self._book: Any = xlrd.open_workbook(path, formatting_info=True, logfile=silence)
            self._formats = tuple(self._number_format(style) for style in self._book.xf_list)
            self._names: dict[int, str] = xlrd.error_text_from_code
        self._reader = CellReader((), self._formats, since_1904=self._book.datemode == 1)
        self.sheets = tuple(
            Sheet(sheet.name, sheet.visibility != 0, str(number)) for number, sheet in enumerate(self._book.sheets())
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._book.release_resources()

    @contextmanager
    def rows(self, sheet: Sheet) -> Iterator["LegacyRows"]:  # type: ignore[override]
        """The rows of a sheet that have cells, in their order."""
        with _translate_damage():
            yield LegacyRows(self._book.sheet_by_index(int(sheet.part)), self._reader, self._names)

    def merged_ranges(self, sheet: Sheet) -> tuple[CellRange, ...]:
        """The merged cells of a sheet."""
        merged = self._book.sheet_by_index(int(sheet.part)).merged_cells
        return tuple(sorted(CellRange(top + 1, left + 1, bottom, right) for top, bottom, left, right in merged))

    def _number_format(self, style: Any) -> NumberFormat:
        code = self._book.format_map.get(style.format_key)
        return number_format(style.format_key, code.format_str if code else None)


class LegacyRows:
    """Rows of a sheet that have cells.

    Args:
        percent: Columns in which a number is shown as a percentage; grows while rows are read.
    """

    def __init__(self, sheet: Any, reader: CellReader, error_names: dict[int, str]) -> None:
        self.percent: set[int] = set()
        self._sheet, self._reader, self._error_names = sheet, reader, error_names

    def __iter__(self) -> Iterator[Row]:
        for number in range(self._sheet.nrows):
            cells = {column: text for column, cell in enumerate(self._sheet.row(number), 1) if (text := self._text(column, cell))}
            if cells:
                yield number + 1, cells

    def _text(self, column: int, cell: Any) -> str:
        if cell.ctype == _TEXT:
            return str(cell.value)
        if cell.ctype == _BOOLEAN:
            return "true" if cell.value else "false"
        if cell.ctype == _ERROR:
            return self._error_names.get(cell.value, "#UNKNOWN!")
        if cell.ctype not in (_NUMBER, _DATE):
            return ""
        text, how = self._reader.cell_text("n", cell.xf_index, repr(cell.value))
        if how is NumberFormat.PERCENT:
            self.percent.add(column)
        return text


def check_legacy_reader(path: Path) -> None:
    """That workbooks of this kind can be read here.

    Raises:
        MachineError: The extra `xls` is not installed.
    """
    try:
        import xlrd  # noqa: F401, PLC0415 -- an extra
    except ImportError:
        raise MachineError("workbook_extra_missing", file=path.name) from None


@contextmanager
def _translate_damage() -> Iterator[None]:
    """Raise what a damaged file makes xlrd say as `UnreadableError`."""
    import xlrd  # noqa: PLC0415 -- an extra
    from xlrd.compdoc import CompDocError  # noqa: PLC0415

    try:
        yield
    except xlrd.XLRDError as error:
        raise UnreadableError("file_workbook_locked" if "encrypted" in str(error) else "reject_workbook_damaged") from error
    except (CompDocError, *_DAMAGE_ERRORS) as error:
        raise UnreadableError("reject_workbook_damaged") from error
