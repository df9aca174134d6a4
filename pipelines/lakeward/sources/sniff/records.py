"""Lines of a text and the records on them, for a first look: with their line numbers, faults and all.

Broken files are read roughly here; the engines read them exactly.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.record_format import WHITESPACE

# A quoted text over more lines is a stray quote.
MAX_LINES = 20
_LINE_END = re.compile(r"\r\n|\n|\r")
# What stands where there is no value: it says nothing of what a column holds.
NO_VALUES = frozenset(
    ("", "na", "n/a", "#n/a", "null", "nan", "none", "-", "--", "---", "空", "bad", "no data", "i/o timeout", "bad input")
)
_VALUE = re.compile(
    r"[+-]?(\d+|\d{1,3}([., '’\u00a0\u202f]\d{3})+)?([.,]\d+)?([eE][+-]?\d+)?\s?%?(?<=[\d%.])"  # a number
    r"|[+-]?\d+[.,]"
    r"|\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}(\D.*)?"  # dates, with a time or none
    r"|\d{1,2}[-/. ]?[A-Za-zäé]{3,9}\.?[-/. ]?\d{2,4}(\D.*)?"
    r"|\d{4}年.*|\d{1,2}:\d{2}(\D.*)?"
    r"|[+-]?(inf|infinity)|true|false",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What sets fields apart, what they stand in, and what escapes that."""

    delimiter: str
    quote: str = '"'
    escape: str = '"'


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A record: its first and last line, from 1, and its fields, trimmed."""

    first: int
    last: int
    fields: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        """Whether no field holds anything."""
        return not any(self.fields)


def split_lines(text: str) -> list[str]:
    """The lines of a text, without their ends; an engine ends them at the same places."""
    lines = _LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def parse_records(lines: Sequence[tuple[int, str]], signs: Signs) -> list[TextRecord]:
    """The records of numbered lines; a text in quotes may go over several of them."""
    records: list[TextRecord] = []
    at = 0
    while at < len(lines):
        count = _line_count(lines, at, signs) if signs.quote in lines[at][1] else 1
        text = "\n".join(line for _, line in lines[at : at + count])
        fields = split_fields(text, signs)
        records.append(TextRecord(lines[at][0], lines[at + count - 1][0], tuple(field.strip() for field in fields)))
        at += count
    return records


def split_fields(text: str, signs: Signs) -> list[str]:
    """The fields of one record."""
    edge = re.escape(signs.quote)
    if signs.delimiter == WHITESPACE:
        return [found.strip(signs.quote) for found in re.findall(f"{edge}[^{edge}]*{edge}|\\S+", text)]
    doubled = signs.escape == signs.quote
    reader = csv.reader(
        [text],
        delimiter=signs.delimiter,
        quotechar=signs.quote,
        doublequote=doubled,
        escapechar=None if doubled else signs.escape,
        strict=False,
    )
    try:
        return next(reader, [])
    except csv.Error:
        return text.split(signs.delimiter)


def is_value(text: str) -> bool:
    """Whether a text is a number, a date, a time, or true or false: no name."""
    return bool(_VALUE.fullmatch(text))


def _line_count(lines: Sequence[tuple[int, str]], at: int, signs: Signs) -> int:
    """How many lines the record has that begins at the place: more than one where a quote is open at the end of the first."""
    text, quote = lines[at][1], signs.quote
    edge = re.escape(quote)
    opened = text.count(quote) % 2 == 1 and re.search(f"(^|{re.escape(signs.delimiter)}){edge}[^{edge}]*$", text)
    if not opened or signs.delimiter == WHITESPACE:
        return 1
    ends = (more for more in range(1, MAX_LINES) if at + more < len(lines) and lines[at + more][1].count(quote) % 2 == 1)
    return 1 + next(ends, 0)
