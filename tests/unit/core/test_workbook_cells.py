"""Cells of workbooks as text: numbers, dates of both systems, formats in every script."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import to_excel

from lakeward.core.workbook.cells import Reader, number, unescaped
from lakeward.core.workbook.styles import Show, show, shows


def shown(value, how, *, since_1904=False):
    return Reader((), (how,), since_1904).text("n", 0, value)[0]


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
    assert number(stored) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_loses_a_digit(value):
    assert float(number(repr(value))) == value
    assert float(number(f"{value:.17g}")) == value


@pytest.mark.parametrize(
    ("serial", "how", "text"),
    [
        ("1", Show.DATE, "1900-01-01"),
        ("59", Show.DATE, "1900-02-28"),
        ("60", Show.DATE, "1900-02-29"),  # never was, and is shown so: it converts to nothing
        ("61", Show.DATE, "1900-03-01"),
        ("0", Show.DATE, "1900-01-00"),
        ("45000", Show.DATE, "2023-03-15"),
        ("45000.5", Show.DATE, "2023-03-15 12:00:00"),
        ("45000", Show.MOMENT, "2023-03-15 00:00:00"),
        ("45000.416666666664", Show.MOMENT, "2023-03-15 10:00:00"),
        ("45000.999999999993", Show.MOMENT, "2023-03-16 00:00:00"),
        ("45000.123456789", Show.MOMENT, "2023-03-15 02:57:46.667"),
        ("0.25", Show.TIME, "06:00:00"),
        ("45000.25", Show.TIME, "2023-03-15 06:00:00"),
        ("1.5", Show.DURATION, "36:00:00"),
        ("2958465", Show.DATE, "9999-12-31"),
        ("2958466", Show.DATE, "2958466"),
        ("-1", Show.DATE, "-1"),
        ("1E+400", Show.DATE, "1E+400"),
    ],
)
def test_a_date_is_a_number_with_a_format(serial, how, text):
    assert shown(serial, how) == text


@pytest.mark.parametrize(("serial", "text"), [("0", "1904-01-01"), ("60", "1904-03-01"), ("43538", "2023-03-15")])
def test_days_are_counted_from_1904_where_the_workbook_says_so(serial, text):
    assert shown(serial, Show.DATE, since_1904=True) == text


@given(st.datetimes(datetime.fromisoformat("1900-03-01"), datetime.fromisoformat("9999-12-31")))
def test_every_moment_comes_back_to_the_millisecond(moment):
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    back = datetime.fromisoformat(shown(repr(to_excel(moment)), Show.MOMENT))
    assert abs(back - moment) <= timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("General", Show.NUMBER),
        ("通用格式", Show.NUMBER),
        ("0.00E+00", Show.NUMBER),
        ("#,##0.00_);[Red](#,##0.00)", Show.NUMBER),
        ('0.0"days"', Show.NUMBER),
        (r"0\d", Show.NUMBER),
        ("0.0%", Show.PERCENT),
        ("yyyy-mm-dd", Show.DATE),
        ('[$-804]yyyy"年"m"月"d"日"', Show.DATE),
        ("aaaa", Show.DATE),
        ("mmm", Show.DATE),
        ("h:mm AM/PM", Show.TIME),
        ("mm:ss.0", Show.TIME),
        ("yyyy/m/d h:mm", Show.MOMENT),
        ("[$-F800]dddd, mmmm dd, yyyy h:mm", Show.MOMENT),
        ("[h]:mm:ss", Show.DURATION),
        ("[Red]0.00;[Blue]yyyy", Show.NUMBER),
    ],
)
def test_a_format_code_says_what_a_number_is(code, how):
    assert show(code) is how


def test_built_in_formats_of_chinese_excel_are_dates():
    ids = ("0", "14", "22", "31", "57", "58", "9", "46")
    styles = [("cellStyleXfs", {}), ("xf", {"numFmtId": "14"}), ("cellXfs", {}), *(("xf", {"numFmtId": one}) for one in ids)]
    assert [one.name for one in shows(styles)] == ["NUMBER", "DATE", "MOMENT", "DATE", "DATE", "DATE", "PERCENT", "DURATION"]


def test_what_xml_can_not_hold_is_put_back_but_nothing_that_utf8_can_not_hold():
    assert unescaped("a_x000D_b_x005F_x_xD800__x0000_") == "a\rb_x_xD800__x0000_"
