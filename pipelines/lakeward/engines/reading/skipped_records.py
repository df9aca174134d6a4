"""Whether a line that a contract skips is a record, in a delivery that lacks the lines to skip."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from lakeward.contracts.column_match import match_columns
from lakeward.contracts.model import COUNTED_TIMES, Column, Kind
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.units import guess_unit

_NUMBERS = (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)
_TIMES = (Kind.DATE, Kind.TIMESTAMP)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s?%?")
# A time has more digits than a zone (`UTC+8`) or a number of a column.
_MIN_TIME_DIGITS = 3


class SkippedRecords:
    """Judges lines by the columns of numbers and times that the contract has in them.

    Args:
        names: The file's columns.
    """

    def __init__(self, columns: Sequence[Column], names: Sequence[str], record_format: RecordFormat) -> None:
        self.record_format = record_format
        self._width = len(names)
        places = {name: place for place, name in enumerate(names)}
        sources = match_columns(columns, names).sources
        typed = [column for column in columns if column.type.kind in (*_NUMBERS, *_TIMES) and column.name in sources]
        self._columns = [(column, _places(column, sources, places)) for column in typed]

    def is_record(self, fields: Sequence[str]) -> bool:
        """Whether a line below the header is one: it has a time, or a number and no unit."""
        if list(fields) == [str(number) for number in range(1, self._width + 1)]:
            return False
        cells = self._cells(fields)
        converted = [(column, text) for column, text in cells if self._converts(column, text)]
        if any(column.type.kind in _TIMES for column, _ in converted):
            return True
        return bool(converted) and not any(guess_unit(text) for column, text in cells if not self._converts(column, text))

    def is_whole_record(self, fields: Sequence[str]) -> bool:
        """Whether a line above the records is one: it has every field, and each number and time; a form may have some."""
        cells = self._cells(fields)
        whole = len(fields) == self._width and 0 < len(self._columns) == len(cells)
        return whole and all(self._converts(column, text) for column, text in cells)

    def _cells(self, fields: Sequence[str]) -> list[tuple[Column, str]]:
        """The columns with their texts that are values."""
        found = []
        for column, places in self._columns:
            text = " ".join(fields[place].strip() for place in places if place < len(fields)).strip()
            if text and text not in (*self.record_format.nulls, *column.nulls):
                found.append((column, text))
        return found

    def _converts(self, column: Column, text: str) -> bool:
        """Whether the text is, on a first look, of the column's type."""
        if column.type.kind in _TIMES and column.time_format not in COUNTED_TIMES:
            return _is_time(text, column.time_format)
        plain = text.replace(self.record_format.thousands, "") if self.record_format.thousands else text
        return bool(_NUMBER.fullmatch(plain.replace(self.record_format.decimal, ".")))


def _places(column: Column, sources: Mapping[str, str], places: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(places[name] for name in column.joined_names or (sources[column.name],))


def _is_time(text: str, form: str | None) -> bool:
    with suppress(ValueError):
        return bool(datetime.strptime(text, form or "%Y-%m-%d"))  # noqa: DTZ007
    return text[0].isdigit() and sum(map(str.isdigit, text)) >= _MIN_TIME_DIGITS
