"""The workbook of an assessor: a sheet of items with room for answers, and one of the indicators with their queries."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from lakeward.core.errors import UsageError
from lakeward.flows.scorecard.readiness import MaturityIndicator, MaturityItem

ITEMS, INDICATORS = "能力项 Items", "指标 Indicators"
# Row of the column names; above it are the edition, and what the sheet is.
HEAD_ROW = 3
NOTE = "就绪度，并非认证 · Readiness, not a certification"
CONFORMITY_LEVELS = ("1", "2", "3", "4", "5")
# Key of the answer, or of the item -> its column name.
ITEM_COLUMNS = {
    "item": "编号 item",
    "zh": "名称",
    "en": "name",
    "proposal": "系统建议 proposed",
    "ceiling": "上限 ceiling",
    "coverage": "覆盖度 coverage",
    "who": "评估人员 who",
    "when": "日期 when",
    "reason": "理由 reason",
    **{level: f"{level} 级符合度 % conformity {level}" for level in CONFORMITY_LEVELS},
    "documents": "文件 documents: name | date | page | sha256",
}
INDICATOR_COLUMNS = ("item", "indicator", "zh", "en", "numerator", "denominator", "value", "level", "missing", "sql", "versions")


def write_maturity_sheets(file: Path, items: Sequence[MaturityItem], answers: Mapping[str, dict[str, Any]]) -> None:
    """Write the workbook; every text is a text, so that one that begins with `=` is no formula."""
    from openpyxl import Workbook  # noqa: PLC0415 -- of an extra

    book = Workbook()
    sheet = book.active
    sheet.title = ITEMS
    _fill(sheet, [[items[0].edition], [NOTE], [*ITEM_COLUMNS.values()], *(_item_cells(item, answers) for item in items)])
    shown = [_indicator_cells(item.item, each) for item in items for each in item.indicators]
    _fill(book.create_sheet(INDICATORS), [[items[0].edition], [NOTE], list(INDICATOR_COLUMNS), *shown])
    book.save(file)


def read_answer_sheet(file: Path) -> tuple[str, list[dict[str, Any]]]:
    """The edition and the answers of a workbook: of each row whose assessor is named.

    Raises:
        UsageError: The file is no such workbook, or a conformity is no list of whole numbers.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 -- of an extra
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 -- of an extra

    try:
        book = load_workbook(file, read_only=True, data_only=True)
        rows = [[_cell_text(cell) for cell in row] for row in book[ITEMS].iter_rows(values_only=True)]
        book.close()
    except (InvalidFileException, BadZipFile, KeyError, ValueError, EOFError) as error:
        raise UsageError("maturity_file_form", file=file) from error
    if len(rows) < HEAD_ROW or [*ITEM_COLUMNS.values()] != rows[HEAD_ROW - 1][: len(ITEM_COLUMNS)]:
        raise UsageError("maturity_file_form", file=file)
    named = [dict(zip(ITEM_COLUMNS, row, strict=False)) for row in rows[HEAD_ROW:]]
    return rows[0][0], [_answer(row, file) for row in named if row.get("who")]


def _item_cells(item: MaturityItem, answers: Mapping[str, dict[str, Any]]) -> list[object]:
    answer = answers.get(item.item, {})
    known = {"item": item.item, **item.names, "proposal": item.proposal, "ceiling": item.ceiling, "coverage": item.coverage}
    levels = {level: ", ".join(map(str, clauses)) for level, clauses in answer.get("conformity", {}).items()}
    texts = {key: answer.get(key) for key in ("who", "when", "reason")}
    documents = "\n".join(map(document_text, answer.get("documents", ())))
    cells = {**known, **texts, **levels, "documents": documents or None}
    return [cells.get(key) for key in ITEM_COLUMNS]


def _indicator_cells(item: str, each: MaturityIndicator) -> list[object]:
    versions = ", ".join(f"{table}@{version}" for table, version in each.versions.items())
    figures = (each.numerator, each.denominator, each.value, each.level, each.missing, each.sql)
    return [item, each.indicator, each.names["zh"], each.names["en"], *figures, versions]


def document_text(document: object) -> str:
    """A document of an answer as a line: its name, or `name | date | page | sha256`."""
    if not isinstance(document, Mapping):
        return str(document)
    return " | ".join(str(document.get(key) or "") for key in ("name", "date", "page", "sha256")).rstrip(" |")


def _answer(row: Mapping[str, str], file: Path) -> dict[str, Any]:
    return {
        "item": row["item"],
        "who": row["who"],
        "when": row["when"][:10],
        "reason": row["reason"],
        "documents": documents_of(row["documents"]),
        "conformity": {level: clauses_of(row[level], row["item"], file) for level in CONFORMITY_LEVELS},
    }


def documents_of(lines: str) -> list[object]:
    """The documents of an answer, one on each line as `document_text` writes it."""
    return [_document(line) for line in lines.splitlines() if line.strip()]


def _document(line: str) -> object:
    parts = [part.strip() for part in line.split("|")]
    found = dict(zip(("name", "date", "page", "sha256"), parts, strict=False))
    return {key: text for key, text in found.items() if text} if len(parts) > 1 else line.strip()


def clauses_of(text: str, item: str, file: Path | str) -> list[int]:
    """The conformities of a level, in per cent, from a text such as `100, 70`.

    Args:
        file: Where the text stands, in messages.

    Raises:
        UsageError: It is no list of whole numbers.
    """
    parts = text.replace("，", ",").replace("、", ",").split(",")
    try:
        return [int(part) for part in parts]
    except ValueError:
        raise UsageError("maturity_file_conformity", file=file, item=ascii(item)) from None


def _cell_text(cell: object) -> str:
    """The text of a cell; a whole number without its decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _fill(sheet: Any, rows: Iterable[Sequence[object]]) -> None:
    for at, row in enumerate(rows, 1):
        for number, value in enumerate(row, 1):
            cell = sheet.cell(at, number, value)
            if isinstance(value, str):
                cell.data_type = "s"
