"""Numbers as texts: signs between thousands, and numbers that stand for no value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from support.judging import column, contract, judge


def convert(kind, *texts, column_options=None, precision=0, scale=0, stored=None, **source):
    """The typed values of a column; "fails" where a row went to quarantine by `type:x` alone."""
    promised = contract(column("x", kind, precision, scale, **(column_options or {})), **source)
    result = judge(promised, [(text,) for text in texts], stored={"x": stored} if stored else None)
    assert all(reasons == {"type:x"} for reasons in result.reasons().values())
    values = {row["_row"]: row["x"] for row in result.good} | dict.fromkeys(result.reasons(), "fails")
    return [values[row] for row in sorted(values)]


@pytest.mark.parametrize(
    ("sign", "decimal"), [(".", ","), (",", "."), (" ", "."), ("'", "."), ("\u00a0", ","), ("^", "."), ("]", ".")]
)
def test_thousands_stand_only_behind_a_first_group_without_a_leading_zero(sign, decimal):
    written = ("1S234", "-12S345S678D5", "+999S999", "1234D5", "0D123", "0", "007", "123S456D")
    broken = (
        "0S123",
        "-0S500",
        "00S123",
        "012S345",
        "1S23",
        "1S2345",
        "1234S567",
        "1SS234",
        "1S234S5",
        "1D234S567",
        "000S000",
    )
    texts = [text.replace("S", sign).replace("D", decimal) for text in (*written, *broken)]
    values = convert(Kind.DOUBLE, *texts, decimal=decimal, thousands=sign)
    assert values == [1234.0, -12345678.5, 999999.0, 1234.5, 0.123, 0.0, 7.0, 123456.0] + ["fails"] * len(broken)


def test_thousands_of_integers_and_decimals_follow_the_same_form():
    source = {"decimal": ",", "thousands": "."}
    assert convert(Kind.INTEGER, "0.123", "1.234", "-1.234,0", "1.234,5", **source) == ["fails", 1234, -1234, "fails"]
    values = convert(Kind.DECIMAL, "0.123", "1.234,5", "0.123,5", precision=9, scale=2, **source)
    assert values == ["fails", Decimal("1234.50"), "fails"]


TOKEN = ("-999", "-999.0", "-999.00", "-9.99E+02", " -999.0 ", "-0999")


@pytest.mark.parametrize("place", ["format", "column"])
@pytest.mark.parametrize("token", ["-999", "-999.0", "-9.99e2"])
def test_a_null_that_is_a_number_is_one_by_value_in_columns_of_numbers(place, token):
    tokens = {"nulls": ("", "NA", token)} if place == "format" else {"column_options": {"nulls": ("NA", token)}}
    assert convert(Kind.DOUBLE, *TOKEN, "-999.5", "NA", "x", **tokens) == [None] * 6 + [-999.5, None, "fails"]
    assert convert(Kind.INTEGER, *TOKEN, "-998", "999", **tokens) == [None] * 6 + [-998, 999]
    assert convert(Kind.DECIMAL, *TOKEN, "-999.25", precision=9, scale=2, **tokens) == [None] * 6 + [Decimal("-999.25")]
    assert convert(Kind.STRING, *(text for text in TOKEN if text != token), **tokens)[-1] == "-0999"


def test_a_null_number_is_read_in_the_writing_of_the_file_or_with_a_point():
    source = {"decimal": ",", "thousands": "."}
    assert convert(Kind.DOUBLE, "-9999,0", "-9.999", "9999,5", nulls=("-9.999",), **source) == [None, None, 9999.5]
    assert convert(Kind.DOUBLE, "-99,90", "-99,8", nulls=("-99.9",), **source) == [None, -99.8]


def test_an_integer_beyond_what_a_double_tells_apart_is_kept():
    tokens = {"nulls": ("9007199254740993", "1e400", "NaN", "1_000")}
    values = convert(Kind.INTEGER, "9007199254740993", "9007199254740992", "1000", **tokens)
    assert values == [None, 9007199254740992, 1000]


def test_a_null_number_of_a_counted_time_is_no_time():
    options = {"time_format": "epoch_s", "nulls": ("-999",)}
    values = convert(Kind.TIMESTAMP, "-999.0", "0", column_options=options, zone="UTC")
    assert values[0] is None
    assert str(values[1]).startswith(str(datetime(1970, 1, 1, tzinfo=UTC).date()))


@pytest.mark.parametrize(
    ("form", "right", "beyond"),
    [
        ("epoch_s", ("1772366400", "1772366400.000001", "-0.5"), ("253402300800", "-62135596801", "999999999999999999")),
        ("epoch_ms", ("1772366400000", "1772366400000.0019", "-500"), ("253402300800000", "-62135596800001", "1e5")),
        ("epoch_us", ("1772366400000000", "+1772366400000001.9", "-500000"), ("253402300800000000", "9" * 19)),
        ("epoch_ns", ("1772366400000000000", "1772366400000001999", "-500000000"), ("9" * 25,)),
        ("excel", ("46082.5", "46082.50000000001", "25568.999994212963"), ("2958466", "7893889912.999", "-693594")),
    ],
)
def test_counted_times_are_exact_and_beyond_the_calendar_they_are_none(form, right, beyond):
    values = convert(Kind.TIMESTAMP, *right, *beyond, column_options={"time_format": form}, zone="UTC")
    times = [value if value == "fails" else datetime.fromisoformat(value) for value in values]
    micros = [(one - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for one in times[:3]]
    assert micros == [1772366400_000_000, 1772366400_000_000 + (form != "excel"), -500_000]
    assert set(times[3:]) == {"fails"}


@pytest.mark.parametrize("stored", [DataType(Kind.DOUBLE), DataType(Kind.INTEGER), DataType(Kind.DECIMAL, 12, 4)])
def test_numbers_of_the_format_are_nulls_of_stored_numbers_too(stored):
    source = {"format_": FileFormat.PARQUET, "nulls": ("", "-999.0", "1.70141e38")}
    assert convert(Kind.DOUBLE, -999, 7, stored=stored, **source) == [None, 7.0]
