"""Number formats of cells. A date in a workbook is a number, and only its format shows that it is a date.

Source: ECMA-376 part 1, 18.8.30 (built-in formats, those of Chinese, Japanese and Korean included) and 18.8.31 (codes).
"""

import re
from collections.abc import Iterable
from enum import Enum


class NumberFormat(Enum):
    """The kind of a number format."""

    NUMBER = 0
    PERCENT = 1
    DATE = 2
    TIME = 3
    DATE_TIME = 4  # a date with a time
    DURATION = 5  # hours, minutes or seconds beyond 24 or 60


# Numbers of built-in formats. 27 to 36 and 50 to 58 are dates in a Chinese, Japanese or Korean Excel,
# 32 to 35 and 55, 56 times of day in some of these.
_BUILT_IN = (
    {9: NumberFormat.PERCENT, 10: NumberFormat.PERCENT, 22: NumberFormat.DATE_TIME, 46: NumberFormat.DURATION}
    | dict.fromkeys((*range(14, 18), *range(27, 32), 36, 50, 51, 52, 53, 54, 57, 58), NumberFormat.DATE)
    | dict.fromkeys((*range(18, 22), 32, 33, 34, 35, 45, 47, 55, 56), NumberFormat.TIME)
)
# Quoted text, escaped characters, padding, fill, and brackets (colour, locale, condition) do not affect the kind.
_SILENT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_CLOCK = re.compile(r"h|s|am/pm|a/p|上午/下午", re.IGNORECASE)
# Year (also the era's: e), day, weekday (also aaa).
_DAY = re.compile(r"y|d|e(?![+-])|aaa", re.IGNORECASE)
_MONTHS = re.compile(r"m+", re.IGNORECASE)
# `General` contains an e and an a, but is not a date.
_GENERAL = re.compile(r"general|通用格式", re.IGNORECASE)


def number_formats(elements: Iterable[tuple[str, dict[str, str]]]) -> tuple[NumberFormat, ...]:
    """The number format of each cell style in the elements of the styles part."""
    codes: dict[int, str] = {}
    numbers: list[int] = []
    inside = False
    for name, attributes in elements:
        if name == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name in {"cellStyleXfs", "cellXfs", "cellStyles", "dxfs"}:
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            numbers.append(int(attributes.get("numFmtId", "0")))
    return tuple(number_format(number, codes.get(number)) for number in numbers)


def number_format(number: int, code: str | None) -> NumberFormat:
    """How the format of this number shows a number, by its code where the file spells it out."""
    return _BUILT_IN.get(number, NumberFormat.NUMBER) if code is None else parse_format_code(code)


def parse_format_code(code: str) -> NumberFormat:
    """The kind of a format code for positive numbers: its first section."""
    first = _GENERAL.sub("", _SILENT.sub("", code)).split(";")[0]
    if _ELAPSED.search(first):
        return NumberFormat.DURATION
    clock, day = bool(_CLOCK.search(first)), bool(_DAY.search(first))
    if clock:
        return NumberFormat.DATE_TIME if day else NumberFormat.TIME
    if day or _MONTHS.search(first):
        return NumberFormat.DATE
    return NumberFormat.PERCENT if "%" in first else NumberFormat.NUMBER
