"""One cell as text: exactly what the workbook holds, with dates and times in ISO 8601.

Refuses to repair: a day that never was (29 February 1900, which Excel knows) is written as it is shown, and converts to nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lakeward.core.workbook.styles import Show

# Excel's own step of time. A serial number can't tell microseconds, and its last digits are rounding.
_TICKS = 86_400_000
# Day 0 of each date system (ECMA-376 part 1, 18.17.4.1); in that of 1900, days up to the 29 February that never was are one late.
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_NEVER = {0: "1900-01-00", 60: "1900-02-29"}
# 31 December 9999, where Excel's calendar and ours end.
_LAST_1900, _LAST_1904 = 2_958_465, 2_957_003
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_NUMBERS = frozenset({Show.NUMBER, Show.PERCENT})
# Digits a plain number may have before or after its point; beyond it the exponent says it in less.
_PLAIN = 21
# ECMA-376 part 1, 22.4.2.4: characters that XML does not allow, and carriage returns, are written so.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

# What cells show where a formula failed (ECMA-376 part 1, 18.17.3, and those that newer versions of Excel added).
ERRORS = (
    *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
    *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!"),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """What cells of a workbook need to be read.

    Args:
        strings: Its shared texts.
        shows: How each cell style shows numbers.
    """

    strings: Sequence[str]
    shows: Sequence[Show]
    since_1904: bool

    def text(self, kind: str, style: int, value: str) -> tuple[str, Show | None]:
        """The text of a cell whose element says its kind (`t`), its style (`s`) and its value; and how a number is shown."""
        if kind == "n":
            how = self.shows[style] if style < len(self.shows) else Show.NUMBER
            return (number(value) if how in _NUMBERS else self._moment(value, how)), how
        if kind == "s":
            return self.strings[int(value)], None
        if kind == "b":
            return ("true" if value == "1" else "false"), None
        # An error (`e`) is kept as it is shown, an ISO date (`d`) as it is; formulas' texts (`str`) and inline ones have escapes.
        return (value if kind in {"e", "d"} else unescaped(value)), None

    def _moment(self, value: str, how: Show) -> str:
        """The date or time that a serial number stands for; the number itself where its calendar has none for it."""
        try:
            ticks = round(float(value) * _TICKS)
        except (ValueError, OverflowError):
            return value
        days, rest = divmod(ticks, _TICKS)
        if how is Show.DURATION and ticks >= 0:
            return _clock(ticks)
        if not 0 <= days <= (_LAST_1904 if self.since_1904 else _LAST_1900):
            return number(value)
        if how is Show.TIME and not days:
            return _clock(rest)
        return self._day(days) if how is Show.DATE and not rest else f"{self._day(days)} {_clock(rest)}"

    def _day(self, days: int) -> str:
        if self.since_1904:
            return (_EPOCH_1904 + timedelta(days)).isoformat()
        return _NEVER.get(days) or (_EPOCH_1900 + timedelta(days + (days < 60))).isoformat()


def number(value: str) -> str:
    """The shortest decimal that is this number: a file may say 17.1 with the digits of its binary form, 17.100000000000001."""
    if _WHOLE.fullmatch(value):
        return value
    try:
        shortest = repr(float(value))
    except ValueError:
        return value
    if "e" not in shortest:
        return shortest.removesuffix(".0")
    exact = Decimal(shortest)
    return f"{exact:f}" if abs(exact.adjusted()) < _PLAIN else shortest


def unescaped(text: str) -> str:
    """The text with the characters that XML can't hold; none that UTF-8 can't hold either."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)


def _clock(ticks: int) -> str:
    seconds, thousandths = divmod(ticks, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{thousandths:03}" if thousandths else text
