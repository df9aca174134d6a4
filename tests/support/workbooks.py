"""Real workbooks for tests, written by openpyxl, and taken apart where a file must say what openpyxl never writes."""

import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet


def sheet(book: Workbook, name: str, rows: Sequence[Sequence[Any]] = (), formats: Sequence[str] = ()) -> Worksheet:
    """Add a sheet with these rows; `formats` are those of the columns below the first row."""
    made = book.create_sheet(name)
    for row in rows:
        made.append(row)
    for place, form in enumerate(formats, 1):
        for row in range(2, made.max_row + 1):
            made.cell(row, place).number_format = form
    return made


def empty_book() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def save_workbook(book: Workbook, path: Path) -> Path:
    book.save(path)
    book.close()
    return path


def book_of(path: Path, rows: Sequence[Sequence[Any]], formats: Sequence[str] = ()) -> Path:
    """A workbook of one sheet."""
    book = empty_book()
    sheet(book, "数据", rows, formats)
    return save_workbook(book, path)


def replace_part(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The workbook with one part changed as text."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def with_cells(path: Path, cells: str) -> Path:
    """The one-sheet workbook with other cells, as XML."""
    return replace_part(
        path, "xl/worksheets/sheet1.xml", lambda text: re.sub("<sheetData.*</sheetData>", f"<sheetData>{cells}</sheetData>", text)
    )


def daily_report(path: Path) -> Path:
    """What a plant sends: a title, a header of two rows, merged machines, percentages, an error, a hidden sheet, blank rows."""
    book = empty_book()
    page = sheet(
        book,
        "日报",
        [["一车间生产日报"], [], ["设备", "时间", "温度\n(℃)", None, "合格率(%)", "编号"], [None, None, "最小", "最大"]],
    )
    start = datetime.fromisoformat("2026-03-01 08:00")
    for n in range(120):
        machine = f"M-{1 + n // 60:02}" if n % 60 == 0 else None
        low = "#DIV/0!" if n == 7 else 17.1 + n % 5
        page.append([machine, start + timedelta(minutes=n % 60), low, 20 + n % 7, 0.9 + n % 10 / 100, f"{n:05}"])
        page.cell(page.max_row, 5).number_format = "0.0%"
    for merged in ("A1:F1", "C3:D3", "A3:A4", "B3:B4", "E3:E4", "F3:F4", "A5:A64", "A65:A124"):
        page.merge_cells(merged)
    page.cell(130, 2).number_format = "yyyy-mm-dd"
    sheet(book, "参数", [["x"], [1]]).sheet_state = "hidden"
    return save_workbook(book, path)
