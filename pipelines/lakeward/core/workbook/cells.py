"""Converts a cell to text: exactly the stored value, with dates and times in ISO 8601.

A date that does not exist (29 February 1900 in Excel) is kept as displayed and converts to no date.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lakeward.core.workbook.styles import NumberFormat

# Excel's resolution of time. A serial number can't hold microseconds, and its last digits are rounding.
_TICKS_PER_DAY = 86_400_000
# Day 0 of each date system (ECMA-376 part 1, 18.17.4.1); in that of 1900, days up to the missing 29 February are one late.
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_NONEXISTENT_DAYS = {0: "1900-01-00", 60: "1900-02-29"}
# 31 December 9999, the end of Excel's and Python's calendar.
_LAST_1900, _LAST_1904 = 2_958_465, 2_957_003
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_NUMBERS = frozenset({NumberFormat.NUMBER, NumberFormat.PERCENT})
# Maximum number of digits before or after the point of a plain number; beyond it an exponent is used.
_MAX_PLAIN_DIGITS = 21
# ECMA-376 part 1, 22.4.2.4: escapes of characters that XML does not allow, and of carriage returns.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

# What stands for a formula whose result the file does not hold: the program that wrote it never calculated it. No form of Excel's.
UNCALCULATED = "#NOT_CALCULATED!"
# Error values of cells (ECMA-376 part 1, 18.17.3, and those that newer versions of Excel added).
ERRORS = (
    *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
    *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!"),
    UNCALCULATED,
)


@dataclass(frozen=True, slots=True)
class CellReader:
    """Reads the cells of a workbook.

    Args:
        strings: Shared texts of the workbook.
        number_formats: Number format of each cell style.
    """

    strings: Sequence[str]
    number_formats: Sequence[NumberFormat]
    since_1904: bool

    def cell_text(self, kind: str, style: int, value: str) -> tuple[str, NumberFormat | None]:
        """The text of a cell from its kind (`t`), style (`s`) and value; and the number format."""
        if kind == "n":
            how = self.number_formats[style] if style < len(self.number_formats) else NumberFormat.NUMBER
            return (shortest_decimal(value) if how in _NUMBERS else self._date_time(value, how)), how
        if kind == "s":
            return self.strings[int(value)], None
        if kind == "b":
            return ("true" if value == "1" else "false"), None
        # An error (`e`) and an ISO date (`d`) are kept unchanged; texts of formulas (`str`) and inline texts have escapes.
        return (value if kind in {"e", "d"} else unescape(value)), None

    def _date_time(self, value: str, number_format: NumberFormat) -> str:
        """The date or time of a serial number; the number itself if it is outside the calendar."""
        try:
            ticks = round(float(value) * _TICKS_PER_DAY)
        except (ValueError, OverflowError):
            return value
        days, rest = divmod(ticks, _TICKS_PER_DAY)
        if number_format is NumberFormat.DURATION and ticks >= 0:
            return _time_text(ticks)
        if not 0 <= days <= (_LAST_1904 if self.since_1904 else _LAST_1900):
            return shortest_decimal(value)
        if number_format is NumberFormat.TIME and not days:
            return _time_text(rest)
        return self._date(days) if number_format is NumberFormat.DATE and not rest else f"{self._date(days)} {_time_text(rest)}"

    def _date(self, days: int) -> str:
        if self.since_1904:
            return (_EPOCH_1904 + timedelta(days)).isoformat()
        return _NONEXISTENT_DAYS.get(days) or (_EPOCH_1900 + timedelta(days + (days < 60))).isoformat()


def shortest_decimal(value: str) -> str:
    """The shortest decimal of this number: a file can store 17.1 with the digits of its binary form, 17.100000000000001."""
    if _WHOLE.fullmatch(value):
        return value
    try:
        shortest = repr(float(value))
    except ValueError:
        return value
    if "e" not in shortest:
        return shortest.removesuffix(".0")
    exact = Decimal(shortest)
    return f"{exact:f}" if abs(exact.adjusted()) < _MAX_PLAIN_DIGITS else shortest


def unescape(text: str) -> str:
    """The text with its escaped characters decoded, except those that UTF-8 can't encode."""
    return _ESCAPED.sub(_unescape_match, text) if "_x" in text else text


def _unescape_match(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)


def _time_text(ticks: int) -> str:
    seconds, thousandths = divmod(ticks, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{thousandths:03}" if thousandths else text
