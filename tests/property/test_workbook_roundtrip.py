"""What openpyxl writes, and what it reads again, is what we read."""

import tempfile
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from lakeward.core.workbook import Workbook
from support.examples import examples
from support.workbooks import book_of

# Control characters are none in XML, a text that begins with = is a formula to openpyxl, and it does not escape escapes.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFD), min_size=1, max_size=8).filter(
    lambda text: not text.startswith(("=", "#")) and "_x" not in text
)
VALUES = st.one_of(
    st.none(),
    TEXT,
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime.fromisoformat("1900-03-01"), datetime.fromisoformat("2200-01-01")).map(
        lambda moment: moment.replace(microsecond=0)
    ),
)


def same(text, value):
    """Whether our text is their value."""
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, datetime):
        return datetime.fromisoformat(text) == value
    return float(text) == value if isinstance(value, int | float) else text == value


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.lists(VALUES, max_size=5), min_size=1, max_size=6))
def test_every_cell_is_read_as_openpyxl_reads_it(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = book_of(Path(folder) / "a.xlsx", rows)
        page = load_workbook(path, data_only=True).worksheets[0]
        theirs = {(cell.row, cell.column): cell.value for row in page.iter_rows() for cell in row if cell.value is not None}
        with Workbook(path, 1 << 30) as book, book.rows(book.sheets[0]) as found:
            ours = {(number, place): text for number, cells in found for place, text in cells.items()}
    assert ours.keys() == theirs.keys()
    assert [place for place, text in ours.items() if not same(text, theirs[place])] == []
