"""Files for spreadsheets: no text becomes a formula, and none is cut or lost."""

import csv
import io

import pytest

from lakeward.core.errors import UsageError
from lakeward.portal.csv_file import MOST_ROWS, cell_text, check_rows, csv_file


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", '=HYPERLINK("x")']
)
def test_a_text_that_begins_a_formula_stays_a_text(text):
    assert cell_text(text) == "'" + text


@pytest.mark.parametrize("value", [-1, -1.5, 0, "a=1", "silver.t.c", "数据", ""])
def test_numbers_and_other_texts_stay_as_they_are(value):
    assert cell_text(value) == str(value)


def test_a_file_has_every_cell():
    rows = [("a,b", 'say "x"', "two\nlines", None), ("数", -1, "=1", True)]
    file = csv_file("x.csv", ("一", "b", "c", "d"), rows)
    assert file.content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert read == [["一", "b", "c", "d"], ["a,b", 'say "x"', "two\nlines", ""], ["数", "-1", "'=1", "True"]]


def test_more_rows_than_a_file_takes_are_refused_not_cut():
    check_rows(MOST_ROWS)
    with pytest.raises(UsageError, match="fewer days"):
        check_rows(MOST_ROWS + 1)
