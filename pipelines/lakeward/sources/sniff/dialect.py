"""The dialect of delimited text: by which delimiter the records of a sample come out alike, and what beside records it holds.

The counts of a few hundred records decide, never a single value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakeward.sources.sniff.delimiter import find_delimiter, find_undivided
from lakeward.sources.sniff.numbers import guess_decimal, guess_thousands
from lakeward.sources.sniff.records import Signs, TextRecord, is_value, parse_records, split_lines
from lakeward.sources.sniff.table import TableGuess, find_table, footer_records, units_of_row

LINES = 400
# What lines begin with that loggers write for people.
COMMENTS = ("#", "//", "%", "!", "*")

_SEPARATOR = re.compile(r"\"?sep=([^A-Za-z0-9])\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How records are written, and how sure that is.

    Args:
        decimal: Decimal separator of its numbers.
        thousands: What stands between groups of three digits; empty: nothing.
        names: Of the columns, as the header has them; made up where there is none.
        has_header: The file names its columns.
        header_row: Line of the header, from 1; 0: the first that holds something and is no comment.
        skip_rows: Lines above the first record where there is no header.
        header_rows, below: Lines of the header, and lines between it and the first record.
        comment: What lines begin with that are no records; empty: none do.
        footer: What the first of the last lines begins with that are no records; empty: there are none.
        units: Columns, from 0, with the UCUM codes that a line below the header tells.
        agreeing, records: So many of so many records of the sample have the same number of fields.
        width: That number.
        longest: Filled fields of the longest record.
        undivided: A line of records that the delimiter does not divide, and the sign that seems to; None: it divides all.
    """

    delimiter: str
    quote: str
    escape: str
    decimal: str
    thousands: str = ""
    names: tuple[str, ...] = ()
    has_header: bool = True
    header_row: int = 0
    header_rows: int = 1
    below: int = 0
    comment: str = ""
    footer: str = ""
    units: tuple[tuple[int, str], ...] = ()
    agreeing: int
    records: int
    width: int
    longest: int = 0
    skip_rows: int = 0
    undivided: tuple[int, str] | None = None

    @property
    def number_duplicates(self) -> bool:
        """Whether a name comes twice."""
        named = [name for name in self.names if name]
        return len(set(named)) < len(named)

    @property
    def null_padding(self) -> bool:
        """Whether records have fewer fields than there are names."""
        return self.has_header and self.width < len(self.names) and any(self.names[self.width :])


def guess_dialect(text: str, tail: str = "") -> CsvDialect:
    """The dialect of a file.

    Args:
        text: Its beginning, in whole lines, decoded, without a byte order mark; some hundreds are enough.
        tail: Its last lines; empty: `text` is the whole file.
    """
    lines = list(enumerate(split_lines(text), 1))
    separator = _SEPARATOR.fullmatch(lines[0][1].strip()) if lines else None
    comment = _comment([line for _, line in lines[:LINES]])
    kept = [(number, line) for number, line in lines[bool(separator) :] if not (comment and line.startswith(comment))]
    quote = _quote(text)
    escape = "\\" if re.search(rf"\\{quote}(?!{quote})", text) else quote
    signs = Signs(separator[1] if separator else find_delimiter(kept[:LINES], quote, escape), quote, escape)
    records = parse_records(kept[:LINES], signs)
    found = find_table(records)
    if comment and not found.header:
        commented = [(number, line[len(comment) :].lstrip()) for number, line in lines if line.startswith(comment)]
        found = _with_comment_header(found, records, parse_records(commented, signs))
    rest = parse_records(list(enumerate(split_lines(tail))) if tail else kept[LINES:], signs)
    return replace(_describe(found, records, rest, signs, comment), undivided=find_undivided(kept[:LINES], signs))


def _describe(
    table: TableGuess, records: Sequence[TextRecord], rest: Sequence[TextRecord], signs: Signs, comment: str
) -> CsvDialect:
    body = records[table.data :]
    footer = footer_records([*records, *rest], table)
    fields = [text for record in body for text in record.fields if text]
    decimal = guess_decimal(fields)
    return CsvDialect(
        delimiter=signs.delimiter,
        quote=signs.quote,
        escape=signs.escape,
        decimal=decimal,
        thousands=guess_thousands(fields, decimal),
        names=table.names or tuple(f"column_{place}" for place in range(1, table.width + 1)),
        has_header=bool(table.header),
        header_row=_header_row(table, records),
        header_rows=max(len(table.header), 1),
        below=_lines_below(table),
        comment=comment,
        footer=_footer_begin(footer),
        units=tuple({place: code for row in reversed(table.below) for place, code in units_of_row(row).items()}.items()),
        agreeing=sum(1 for record in body if len(record.fields) == table.width) + len(table.header),
        records=sum(1 for record in body if not record.is_blank or record.fields) + len(table.header),
        width=table.width,
        longest=max((place for record in body for place, text in enumerate(record.fields, 1) if text), default=0),
        skip_rows=_lines_above(table, records),
    )


def _header_row(table: TableGuess, records: Sequence[TextRecord]) -> int:
    """The header's line if the contract must give it: records stand above it, or it is a comment."""
    if not table.header:
        return 0
    above = next((record for record in records if any(record.fields)), table.header[0])
    return 0 if above is table.header[0] else table.header[0].first


def _lines_above(table: TableGuess, records: Sequence[TextRecord]) -> int:
    """Lines above the first record that hold something else, where no header does."""
    above = [record for record in records[: table.data] if any(record.fields)]
    return records[table.data].first - 1 if above and not table.header and table.data < len(records) else 0


def _lines_below(table: TableGuess) -> int:
    """Lines between header and first record, those that hold nothing among them."""
    return table.below[-1].last - table.header[-1].last if table.below and table.header else 0


def _with_comment_header(table: TableGuess, records: Sequence[TextRecord], comments: Sequence[TextRecord]) -> TableGuess:
    """The table with the last comment above it as its header, if that names as many columns as there are."""
    first = records[table.data].first if table.data < len(records) else 0
    above = [record for record in comments if record.first < first]
    if not above or len(above[-1].fields) != table.width or any(map(is_value, above[-1].fields)):
        return table
    return replace(table, header=(above[-1],), below=())


def _footer_begin(footer: Sequence[TextRecord]) -> str:
    """The first text of a footer, as far as it may be the same in the next file."""
    text = next((text for record in footer for text in record.fields if text), "")
    begin = re.match(r"\D*(?:(?<=\W)|$)", text)
    return begin[0] if begin and sum(map(str.isalpha, begin[0])) > 1 else text


def _comment(lines: Sequence[str]) -> str:
    """What comments begin with: the first line is one, and most lines are none; a name such as `#` alone is no comment."""
    first = next((line for line in lines if line.strip()), "")
    mark = next((mark for mark in COMMENTS if first.startswith(mark)), "")
    marked = sum(1 for line in lines if line.startswith(mark)) if mark else 0
    held = sum(1 for line in lines if line.strip())
    names_number = re.match(r"#\s*[,;\t|]", first)
    return mark if mark and not names_number and 2 * marked < held + 4 and marked < held else ""


def _quote(text: str) -> str:
    """The double quote, unless only single ones stand at the edges of fields."""
    single = re.search(r"(^|[,;\t|])'[^'\n]*'([,;\t|]|$)", text, re.MULTILINE)
    return "'" if single and '"' not in text else '"'
