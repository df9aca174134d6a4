"""Where the table stands in delimited text: below which lines, under which header, above which footer.

What tells a header from records is the kind of its cells: a column of numbers or times has a name that is neither.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.core.units import guess_unit
from lakeward.sources.sniff.likeness import is_like_others
from lakeward.sources.sniff.records import NO_VALUES, TextRecord, is_value

# Lines of a header, and lines below it that are no records; more are a form, not a table.
MAX_HEADER_ROWS, MAX_ROWS_BELOW = 3, 4
# A column is of values when this share of its cells is.
VALUE_SHARE = 0.5
# What a line of a footer begins with.
_SUMS = re.compile(
    r"(grand\s+)?(total|sub-?total|sum|summe|gesamt|average|avg|mean|count|min|max|minimum|maximum|end|eof|total\s.*|sum\s.*)\s*:?\s*"
    r"|.*(合\s*计|总\s*计|小\s*计|平\s*均|汇\s*总|合\s*計|總\s*計|小\s*計)\s*[:：]?|\(?\d+\s+rows?(\s.*)?|[-=*_#<\[({ ]*(end|eof)\b.*",
    re.IGNORECASE,
)
MAX_FOOTER = 10
# Lines above a header that look like data: counts, dates of a form.
MAX_DATA_ABOVE = 20
_UNIT_BRACKETS = re.compile(r"[(\[（【<]\s*([^()\[\]（）【】<>]*)\s*[)\]）】>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGuess:
    """The table of a text.

    Args:
        header: Records of the header, from above; none where the first record is data.
        below: Records between header and data: units, kinds of averages.
        data: The first record, by its place among all; their number where there is none.
        width: Fields of most records.
    """

    header: tuple[TextRecord, ...]
    below: tuple[TextRecord, ...]
    data: int
    width: int

    @property
    def names(self) -> tuple[str, ...]:
        """One text for each column, the texts of several header rows joined as the engines join them."""
        width = max((len(row.fields) for row in self.header), default=0)
        cells = ([row.fields[place] for row in self.header if place < len(row.fields)] for place in range(width))
        return tuple("_".join(text for text in column if text) for column in cells)


def find_table(records: Sequence[TextRecord]) -> TableGuess:
    """The table among the records, blank ones included."""
    width = _body_width(records)
    values = _value_columns(records, width)
    data = _data_start(records, width, values)
    if not values:
        # Texts alone: the first is a header, unless it is like what stands below it.
        first = next((at for at, record in enumerate(records) if len(record.fields) == width and not record.is_blank), 0)
        if is_like_others(records[first : first + 1], records[first + 1 :], width):
            return TableGuess(header=(), below=(), data=first, width=width)
        return TableGuess(header=tuple(records[first : first + 1]), below=(), data=min(first + 1, len(records)), width=width)
    rows = _rows_above(records, data, width)
    while _ends_with_a_record(rows, width, values):
        last = rows.pop()
        data = next(at for at in reversed(range(data)) if records[at] is last)
    header, below = _split_head(rows)
    return TableGuess(header=header, below=below, data=data, width=width)


def footer_records(records: Sequence[TextRecord], table: TableGuess) -> tuple[TextRecord, ...]:
    """The last records that are none: sums and end marks, which do not look like those above them."""
    values = _value_columns(records[table.data :], table.width)
    found: list[TextRecord] = []
    for record in reversed(records[table.data :]):
        if not record.is_blank and not _is_sum(record, table.width, values):
            break
        found.insert(0, record)
    named = next((at for at, record in enumerate(found) if not record.is_blank and is_sum(_first_text(record))), None)
    rows = found[named:] if named is not None else []
    return tuple(rows) if len(rows) <= MAX_FOOTER else ()


def is_sum(text: str) -> bool:
    """Whether a text is what sums and ends of files begin with."""
    return bool(_SUMS.fullmatch(text))


def units_of_row(row: TextRecord) -> dict[int, str]:
    """UCUM codes by column, from 0, where at least half of the filled cells are units."""
    filled = {place: text for place, text in enumerate(row.fields) if text}
    found = {place: unit.code for place, text in filled.items() if (unit := guess_unit(_bare_unit(text)))}
    return found if found and 2 * len(found) >= len(filled) - 1 else {}


def _bare_unit(text: str) -> str:
    match = _UNIT_BRACKETS.fullmatch(text)
    return match[1].strip() if match else text


def _first_text(record: TextRecord) -> str:
    return next((text for text in record.fields if text), "")


def _is_sum(record: TextRecord, width: int, values: frozenset[int]) -> bool:
    """Whether the record is no data: too short, or with a word where the others have values."""
    if len(record.fields) != width:
        return True
    first = _first_text(record)
    return is_sum(first) or any(_is_word(record.fields[place]) for place in values if place == min(values))


def _is_word(text: str) -> bool:
    return text.casefold() not in NO_VALUES and not is_value(text)


def _body_width(records: Sequence[TextRecord]) -> int:
    """The number of fields of those records that have the most values; without values, of most records."""
    cells: Counter[int] = Counter()
    for record in records:
        cells[len(record.fields)] += sum(map(is_value, record.fields)) if not record.is_blank else 0
    if not sum(cells.values()):
        cells = Counter(len(record.fields) for record in records if not record.is_blank)
    return max(cells, key=lambda width: (cells[width], width), default=0)


def _value_columns(records: Sequence[TextRecord], width: int) -> frozenset[int]:
    """Places, from 0, of the columns that hold values."""
    body = [record for record in records if len(record.fields) == width and not record.is_blank]
    found = []
    for place in range(width):
        cells = [record.fields[place] for record in body if record.fields[place].casefold() not in NO_VALUES]
        if cells and sum(map(is_value, cells)) > VALUE_SHARE * len(cells):
            found.append(place)
    # One record below its header: what is of values in the last record is a column of values.
    if not found and body:
        found = [place for place, text in enumerate(body[-1].fields) if is_value(text)]
    return frozenset(found)


def _is_data(record: TextRecord, width: int, values: frozenset[int]) -> bool:
    """Whether more of the columns of values hold values here than words."""
    if len(record.fields) != width or not values:
        return False
    held = [record.fields[place] for place in values]
    fitting, words = sum(map(is_value, held)), sum(map(_is_word, held))
    return fitting > 0 and fitting >= words


def _data_start(records: Sequence[TextRecord], width: int, values: frozenset[int]) -> int:
    """The first record of data: of several runs the first below a header, where it does not leave most of the data above."""
    held = [_is_data(record, width, values) for record in records]
    starts = [at for at, is_data in enumerate(held) if is_data and (not at or not held[at - 1])]
    for start in starts:
        before = sum(held[:start])
        if before <= MAX_DATA_ABOVE and 2 * before <= sum(held) and any(map(_names_all, _rows_above(records, start, width))):
            return start
    return starts[0] if starts else len(records)


def _rows_above(records: Sequence[TextRecord], data: int, width: int) -> list[TextRecord]:
    """The records right above the data that have as many fields, or a few more; from above."""
    found: list[TextRecord] = []
    for record in reversed(records[:data]):
        short = len(record.fields) < width - 1
        if (record.is_blank and (found or not record.fields)) or short or len(found) > MAX_HEADER_ROWS + MAX_ROWS_BELOW:
            if record.is_blank and not found:
                continue
            break
        found.insert(0, record)
    return found


def _ends_with_a_record(rows: Sequence[TextRecord], width: int, values: frozenset[int]) -> bool:
    """Whether the last row may be a record with words for values, below a row that names every column.

    A table with one column of values has such records; with more, each of them needs a word that stands for no value.
    """
    if len(rows) < 2 or len(rows[-1].fields) != width or _qualifies(rows[-1]):
        return False
    *above, last = rows
    words = [last.fields[place] for place in values]
    may_be = len(values) == 1 or all(text.casefold() in NO_VALUES for text in words)
    return may_be and any(_names_all(row) and len(row.fields) == width and all(row.fields) for row in above)


def _split_head(rows: Sequence[TextRecord]) -> tuple[tuple[TextRecord, ...], tuple[TextRecord, ...]]:
    """The header's rows and those below it: the header is the lowest row that names every column, each by another name."""
    for at in reversed(range(len(rows))):
        if _names_all(rows[at]) and not (at and _qualifies(rows[at])):
            parted = at > 0 and rows[at - 1].fields[0] > rows[at].fields[0] == "" and _are_one_header(rows[at - 1 : at + 1])
            return tuple(rows[at - parted : at + 1]), tuple(rows[at + 1 :])
    for at in range(max(len(rows) - 1, 0)):
        if _are_one_header(rows[at : at + 2]) and not _qualifies(rows[at + 1]):
            return tuple(rows[at : at + 2]), tuple(rows[at + 2 :])
    named = [at for at, row in enumerate(rows) if not _qualifies(row)]
    at = named[0] if named else 0
    return tuple(rows[at : at + 1]), tuple(rows[at + 1 :])


def _are_one_header(rows: Sequence[TextRecord]) -> bool:
    """Whether the rows name every column together, each by another name."""
    joined = TableGuess(header=tuple(rows), below=(), data=0, width=0).names
    return len(set(joined)) == len(joined) and all(joined)


def _names_all(row: TextRecord) -> bool:
    """Whether every column has a name of its own; the first, an index, and a last one may have none."""
    names = [name for name in row.fields if name]
    inner = row.fields[1:-1]
    return len(set(names)) == len(names) and all(inner) and len(names) > 0 and not any(map(is_value, names))


def _qualifies(row: TextRecord) -> bool:
    """Whether the row says something of the names above it: units, or one word again and again."""
    filled = [text for text in row.fields if text]
    again = len(set(filled)) <= len(filled) / 2 and len(filled) > 1
    brackets = sum(1 for text in filled if _UNIT_BRACKETS.fullmatch(text))
    return bool(units_of_row(row)) or again or (bool(filled) and 2 * brackets >= len(filled))
