"""The dialect of delimited text: by which delimiter the records of a sample come out alike.

The counts of a few hundred records decide, never a single value.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
RECORDS = 200
# A share of records that agree, from which on a delimiter is one; less is text that happens to hold the character.
CONSISTENT = 0.8

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_COMMA, _POINT = re.compile(r"[+-]?\d+,\d+"), re.compile(r"[+-]?\d+\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How records are written, and how sure that is.

    Args:
        decimal: Decimal separator of its numbers.
        header: The first record names the columns.
        agreeing, records: So many of so many records of the sample have the same number of fields.
    """

    delimiter: str
    quote: str
    escape: str
    decimal: str
    header: bool
    agreeing: int
    records: int


def guess_dialect(text: str) -> CsvDialect:
    """The dialect of the beginning of a file.

    Args:
        text: Whole lines, decoded, without a byte order mark; some hundreds are enough.
    """
    lines = [line for line in text.splitlines() if line.strip()][: RECORDS + 1]
    quote = _quote(text)
    escape = "\\" if re.search(rf"\\{quote}(?!{quote})", text) else quote
    delimiter = max(DELIMITERS, key=lambda candidate: _score(_parse_records(lines, candidate, quote, escape)))
    records = _parse_records(lines, delimiter, quote, escape)
    width, agreeing = _most_common_width(records)
    return CsvDialect(
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        decimal=_decimal(records) if delimiter != "," else ".",
        header=bool(records) and _is_header(records[0], width),
        agreeing=agreeing,
        records=len(records),
    )


def _quote(text: str) -> str:
    """The double quote, unless only single ones stand at the edges of fields."""
    single = re.search(r"(^|[,;\t|])'[^'\n]*'([,;\t|]|$)", text, re.MULTILINE)
    return "'" if single and '"' not in text else '"'


def _parse_records(lines: Sequence[str], delimiter: str, quote: str, escape: str) -> list[list[str]]:
    doubled = escape == quote
    reader = csv.reader(
        lines, delimiter=delimiter, quotechar=quote, doublequote=doubled, escapechar=None if doubled else escape, strict=False
    )
    try:
        return list(reader)
    except csv.Error:
        return []


def _most_common_width(records: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The most frequent number of fields, and how many records have it."""
    return Counter(map(len, records)).most_common(1)[0] if records else (0, 0)


def _score(records: Sequence[Sequence[str]]) -> tuple[bool, float, int]:
    """Several fields, the same number in most records, in as many records as possible, and many of them."""
    width, agreeing = _most_common_width(records)
    share = agreeing / len(records) if records else 0.0
    return width > 1 and share >= CONSISTENT, round(share, 2) if width > 1 else 0.0, width


def _decimal(records: Sequence[Sequence[str]]) -> str:
    fields = [field.strip() for record in records[1:] for field in record]
    commas = sum(1 for field in fields if _COMMA.fullmatch(field))
    points = sum(1 for field in fields if _POINT.fullmatch(field))
    return "," if commas > points else "."


def _is_header(first: Sequence[str], width: int) -> bool:
    """Names: one for each field, each once, and none of them a number."""
    names = [name.strip() for name in first]
    filled = [name for name in names if name]
    return len(names) == width and len(set(filled)) == len(filled) > 0 and not any(map(_NUMBER.fullmatch, filled))
