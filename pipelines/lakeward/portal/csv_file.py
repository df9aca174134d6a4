"""Files of comma-separated values for spreadsheets: a text that would be a formula there stays a text."""

import csv
import io
from collections.abc import Iterable, Sequence

from lakeward.core.errors import UsageError
from lakeward.portal.page import Download

# Rows of a file; where there are more, fewer are to be chosen: nothing is left out.
MOST_ROWS = 50_000
# What spreadsheets take for the begin of a formula, in full width too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Download:
    """The file, in UTF-8 with a mark by which Excel knows it.

    Args:
        name: Name of the file, in ASCII.
        head: Titles of the columns.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell_text(value) for value in row] for row in rows)
    return Download(name=name, content=text.getvalue().encode("utf-8-sig"))


def cell_text(value: object) -> str:
    """A value as a cell: nothing where there is none; a text that begins as a formula does gets an apostrophe before it."""
    if value is None:
        return ""
    text = str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def check_rows(total: int) -> None:
    """Check that a file holds so many rows.

    Raises:
        UsageError: There are more than it takes.
    """
    if total > MOST_ROWS:
        raise UsageError("portal_csv_too_many", found=total, expected=MOST_ROWS)
