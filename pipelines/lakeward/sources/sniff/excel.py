"""Where the table of a workbook stands: on which sheet, below which rows of titles, under a header of how many rows.

A guess is only for the draft of a contract. With several sheets the user must choose.
"""

import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.workbook import CellRange, MergedCells, Row, UnreadableError, column_names, open_workbook
from lakeward.sources.sniff.table import MAX_FOOTER, is_sum

# Rows that are looked at: titles are few.
HEAD_ROWS = 60
# Rows of a header: more are a form, not a table.
MAX_HEADER_ROWS = 4
# Columns from which on a text over all of them is a title.
MIN_TITLE_WIDTH = 2
# Rows that are looked through for the end of a sheet; a longer one is a table without a footer.
MAX_ROWS = 20_000
# A header names nearly every column that the data below fills.
MIN_NAMED_SHARE = 0.8

# What names no column: numbers, dates and times.
_VALUE = re.compile(
    r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?%?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}:\d{2}.*|true|false|#.*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetGuess:
    """A sheet, and its table.

    Args:
        name: The sheet's name.
        only: No other sheet that a person sees holds anything.
        header_row, header_rows: The header's first row, from 1, and how many it has; 0: nothing looks like one.
        percent: Names of columns in which some number is shown as a percentage.
        footer: What the first of the last rows begins with that are sums; empty: there are none.
        has_values_below: A row below the header holds a number, a date or a time, as the header does not.
    """

    name: str
    only: bool
    header_row: int
    header_rows: int
    percent: frozenset[str] = frozenset()
    footer: str = ""
    has_values_below: bool = False


def sheet_names(path: Path, limit: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the sheets that a person sees with something in them, and those of all.

    Raises:
        UnreadableError: It is no workbook, or a damaged one.
    """
    with open_workbook(path, limit) as book:
        return tuple(sheet.name for sheet in book.nonempty_sheets()), tuple(sheet.name for sheet in book.sheets)


def guess_sheet(path: Path, limit: int, name: str | None) -> SheetGuess:
    """The table on the sheet `name`, or on the only one with something in it.

    Raises:
        UnreadableError: There is no such sheet, or no workbook.
    """
    with open_workbook(path, limit) as book:
        sheet = book.sheet(name)
        only = not sheet.hidden and len(book.nonempty_sheets()) == 1
        ranges = book.merged_ranges(sheet)
        with book.rows(sheet) as rows:
            every = iter(rows)
            head = [row for row in itertools.islice(every, HEAD_ROWS) if _texts(row)]
            footer = _footer(itertools.islice(every, MAX_ROWS), head)
            footer = "" if next(every, None) else footer
        first, count, names = _header(head, ranges)
        return SheetGuess(
            name=sheet.name,
            only=only,
            header_row=first,
            header_rows=count,
            percent=frozenset(names[column] for column in rows.percent if column in names),
            footer=footer,
            has_values_below=count > 0 and _has_values(row for row in head if row[0] >= first + count),
        )


def _has_values(rows: Iterable[Row]) -> bool:
    return any(_VALUE.fullmatch(text.strip()) for row in rows for text in _texts(row))


def _header(head: Sequence[Row], ranges: Sequence[CellRange]) -> tuple[int, int, dict[int, str]]:
    """First row, number of rows and names of the first header among the rows; zeros where there is none."""
    width = _width(head, ranges)
    for index, (number, _) in enumerate(head):
        if _is_title(head[index], ranges, width):
            continue
        count = _depth(head[index:], ranges)
        above = [row for row in head if row[0] < number + count]
        if any(_VALUE.fullmatch(text) for row in above[index:] for text in _texts(row)):
            continue
        try:
            names = column_names(above, MergedCells(ranges), number)
        except UnreadableError:
            continue
        if len(names) >= MIN_NAMED_SHARE * width:
            return number, count, names
    return 0, 0, {}


def _is_title(row: Row, ranges: Sequence[CellRange], width: int) -> bool:
    """Whether the row is one text, merged over as many columns as the table has."""
    number, cells = row
    filled = [column for column, text in cells.items() if text.strip()]
    if len(filled) != 1 or width < MIN_TITLE_WIDTH:
        return False
    return any(m.top == number and m.left == filled[0] and m.right - m.left + 1 >= width for m in ranges)


def _footer(more: Iterable[Row], head: Sequence[Row]) -> str:
    """What the last rows begin with, from the first of them that is a sum; empty where none is, or the sheet goes on."""
    last = deque(itertools.chain(head, (row for row in more if _texts(row))), maxlen=MAX_FOOTER)
    return next((_texts(row)[0].strip() for row in last if is_sum(_texts(row)[0].strip())), "")


def _width(head: Sequence[Row], ranges: Sequence[CellRange]) -> int:
    """How many cells most rows fill, merged ones counted; of two such numbers the larger, for titles are short."""
    merges = MergedCells(ranges)
    widest = max((max(cells) for _, cells in head), default=0)
    counts = Counter(len(_texts((number, merges.fill(number, cells, widest)))) for number, cells in head)
    return max(counts, key=lambda count: (counts[count], count), default=0)


def _depth(head: Sequence[Row], ranges: Sequence[CellRange]) -> int:
    """How many rows a header that begins with the first of these has: as deep as its cells are merged, and as they are parted below."""
    first = head[0][0]
    last = max([merged.bottom for merged in ranges if merged.top == first], default=first)
    while last - first < MAX_HEADER_ROWS:
        below = next((cells for number, cells in head if number == last + 1), {})
        groups = [merged for merged in ranges if first <= merged.top and merged.bottom == last and merged.left < merged.right]
        parted = {column for merged in groups for column in range(merged.left, merged.right + 1)}
        filled = {column for column, text in below.items() if text.strip()}
        if not filled or not filled <= parted:
            break
        last += 1
    return min(last - first, MAX_HEADER_ROWS - 1) + 1


def _texts(row: Row) -> list[str]:
    return [text for text in row[1].values() if text.strip()]
