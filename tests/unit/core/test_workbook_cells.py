"""Cells of workbooks as text: numbers, dates of both systems, formats in every script."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import to_excel

from lakeward.core.workbook.cells import CellReader, shortest_decimal, unescape
from lakeward.core.workbook.styles import NumberFormat, number_formats, parse_format_code


def cell_text(value, how, *, since_1904=False):
    return CellReader((), (how,), since_1904).cell_text("n", 0, value)[0]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("17.100000000000001", "17.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("5.0", "5"),
        ("-3", "-3"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.0000000000000001E-5", "0.00001"),
        ("1E20", "100000000000000000000"),
        ("1E+300", "1e+300"),
        ("-0.5", "-0.5"),
        ("not a number", "not a number"),
    ],
)
def test_a_number_is_its_shortest_decimal(stored, text):
    assert shortest_decimal(stored) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_loses_a_digit(value):
    assert float(shortest_decimal(repr(value))) == value
    assert float(shortest_decimal(f"{value:.17g}")) == value


@pytest.mark.parametrize(
    ("serial", "how", "text"),
    [
        ("1", NumberFormat.DATE, "1900-01-01"),
        ("59", NumberFormat.DATE, "1900-02-28"),
        ("60", NumberFormat.DATE, "1900-02-29"),  # never was, and is shown so: it converts to nothing
        ("61", NumberFormat.DATE, "1900-03-01"),
        ("0", NumberFormat.DATE, "1900-01-00"),
        ("45000", NumberFormat.DATE, "2023-03-15"),
        ("45000.5", NumberFormat.DATE, "2023-03-15 12:00:00"),
        ("45000", NumberFormat.DATE_TIME, "2023-03-15 00:00:00"),
        ("45000.416666666664", NumberFormat.DATE_TIME, "2023-03-15 10:00:00"),
        ("45000.999999999993", NumberFormat.DATE_TIME, "2023-03-16 00:00:00"),
        ("45000.123456789", NumberFormat.DATE_TIME, "2023-03-15 02:57:46.667"),
        ("0.25", NumberFormat.TIME, "06:00:00"),
        ("45000.25", NumberFormat.TIME, "2023-03-15 06:00:00"),
        ("1.5", NumberFormat.DURATION, "36:00:00"),
        ("2958465", NumberFormat.DATE, "9999-12-31"),
        ("2958466", NumberFormat.DATE, "2958466"),
        ("-1", NumberFormat.DATE, "-1"),
        ("1E+400", NumberFormat.DATE, "1E+400"),
    ],
)
def test_a_date_is_a_number_with_a_format(serial, how, text):
    assert cell_text(serial, how) == text


@pytest.mark.parametrize(("serial", "text"), [("0", "1904-01-01"), ("60", "1904-03-01"), ("43538", "2023-03-15")])
def test_days_are_counted_from_1904_where_the_workbook_says_so(serial, text):
    assert cell_text(serial, NumberFormat.DATE, since_1904=True) == text


@given(st.datetimes(datetime.fromisoformat("1900-03-01"), datetime.fromisoformat("9999-12-31")))
def test_every_moment_comes_back_to_the_millisecond(moment):
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    back = datetime.fromisoformat(cell_text(repr(to_excel(moment)), NumberFormat.DATE_TIME))
    assert abs(back - moment) <= timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("General", NumberFormat.NUMBER),
        ("通用格式", NumberFormat.NUMBER),
        ("0.00E+00", NumberFormat.NUMBER),
        ("#,##0.00_);[Red](#,##0.00)", NumberFormat.NUMBER),
        ('0.0"days"', NumberFormat.NUMBER),
        (r"0\d", NumberFormat.NUMBER),
        ("0.0%", NumberFormat.PERCENT),
        ("yyyy-mm-dd", NumberFormat.DATE),
        ('[$-804]yyyy"年"m"月"d"日"', NumberFormat.DATE),
        ("aaaa", NumberFormat.DATE),
        ("mmm", NumberFormat.DATE),
        ("h:mm AM/PM", NumberFormat.TIME),
        ("mm:ss.0", NumberFormat.TIME),
        ("yyyy/m/d h:mm", NumberFormat.DATE_TIME),
        ("[$-F800]dddd, mmmm dd, yyyy h:mm", NumberFormat.DATE_TIME),
        ("[h]:mm:ss", NumberFormat.DURATION),
        ("[Red]0.00;[Blue]yyyy", NumberFormat.NUMBER),
    ],
)
def test_a_format_code_says_what_a_number_is(code, how):
    assert parse_format_code(code) is how


def test_built_in_formats_of_chinese_excel_are_dates():
    ids = ("0", "14", "22", "31", "57", "58", "9", "46")
    styles = [("cellStyleXfs", {}), ("xf", {"numFmtId": "14"}), ("cellXfs", {}), *(("xf", {"numFmtId": one}) for one in ids)]
    assert [one.name for one in number_formats(styles)] == [
        "NUMBER",
        "DATE",
        "DATE_TIME",
        "DATE",
        "DATE",
        "DATE",
        "PERCENT",
        "DURATION",
    ]


def test_what_xml_can_not_hold_is_put_back_but_nothing_that_utf8_can_not_hold():
    assert unescape("a_x000D_b_x005F_x_xD800__x0000_") == "a\rb_x_xD800__x0000_"
