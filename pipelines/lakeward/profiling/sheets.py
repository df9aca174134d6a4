"""Probes a workbook: its sheet, and the position of its table. With several sheets the user must choose."""

from dataclasses import replace
from pathlib import Path

from lakeward.contracts.record_format import RecordFormat
from lakeward.core.errors import UsageError
from lakeward.core.workbook import UnreadableError
from lakeward.sources.sniff import guess_sheet, sheet_names

# Names in one message; a workbook with more sheets is a report, and messages stay short.
MAX_SHEETS = 12
MAX_LETTERS = 200


def probe_sheet(path: Path, record_format: RecordFormat, sheet: str | None) -> tuple[RecordFormat, frozenset[str]]:
    """The record format with the sheet and its header, and the columns that are shown as percentages.

    Args:
        sheet: None for the only one with data; then the draft names no sheet, since other files can name it differently.

    Raises:
        UsageError: There is no such sheet, there are several, or none has a header.
    """
    try:
        _check_sheet_choice(path, record_format.sheet_limit_bytes, sheet)
        guess = guess_sheet(path, record_format.sheet_limit_bytes, sheet)
    except UnreadableError as error:
        raise UsageError("sample_workbook_damaged", file=path, found=error.code) from error
    if not guess.header_rows:
        raise UsageError("sample_sheet_header", file=path, sheet=guess.name)
    name = None if guess.only else guess.name
    found = replace(
        record_format, sheet=name, header_row=guess.header_row, header_rows=guess.header_rows, footer=guess.footer or 0
    )
    return found, guess.percent


def check_workbook(path: Path, fault_code: str | None) -> None:
    """Check that the file is a workbook.

    Args:
        fault_code: Message code of why it is not.

    Raises:
        UsageError: It has a password, or is older than the format that is read.
    """
    if fault_code == "file_workbook_locked":
        raise UsageError("sample_workbook_locked", file=path)
    if fault_code:
        raise UsageError("sample_workbook_old", file=path)


def _check_sheet_choice(path: Path, limit: int, sheet: str | None) -> None:
    """Check that there is one sheet to read."""
    filled, all_sheets = sheet_names(path, limit)
    if sheet is None and not filled:
        raise UsageError("sample_empty", file=path)
    if sheet is None and len(filled) > 1:
        raise UsageError("sample_sheets", file=path, count=len(filled), sheets=_shorten_list(filled))
    if sheet is not None and sheet.casefold() not in {name.casefold() for name in all_sheets}:
        raise UsageError("sample_sheet_missing", file=path, sheet=sheet, sheets=_shorten_list(all_sheets))


def _shorten_list(names: tuple[str, ...]) -> str:
    return ", ".join(names[:MAX_SHEETS])[:MAX_LETTERS] + (", …" if len(names) > MAX_SHEETS else "")
