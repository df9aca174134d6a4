from decimal import Decimal

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from support.judging import column, contract, judge


def convert_value(kind, value, *, stored=None, column_options=None, precision=0, scale=0, **source):
    """The typed value, or "fails" where the row went to quarantine with the rule `type:x` alone."""
    promised = contract(column("x", kind, precision, scale, **(column_options or {})), **source)
    result = judge(promised, [(value,)], stored={"x": stored} if stored else None)
    if result.bad:
        assert result.reasons() == {2: {"type:x"}}
        assert result.bad[0]["x"] == value
        return "fails"
    return result.good[0]["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", 7), (" -7 ", -7), ("+7", 7), ("007", 7), ("12.00", 12), ("", None)]
    + [(bad, "fails") for bad in ("1.7", "1e3", "1_000", "0x1F", "21,5", "9223372036854775808", "a", ".")],
)
def test_text_becomes_an_integer_only_without_loss(text, expected):
    assert convert_value(Kind.INTEGER, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("21.5", 21.5), ("-.5", -0.5), ("5.", 5.0), ("1e3", 1000.0)]
    + [(bad, "fails") for bad in ("21,5", "nan", "NaN", "inf", "1e999", "1_0.5", "5f", "1,000.5")],
)
def test_text_becomes_a_double_only_when_it_is_a_finite_number(text, expected):
    assert convert_value(Kind.DOUBLE, text) == expected


def test_a_decimal_comma_is_read_where_the_contract_says_so():
    assert convert_value(Kind.DOUBLE, "21,5", decimal=",") == 21.5
    assert convert_value(Kind.DOUBLE, "21.5", decimal=",") == "fails"
    assert convert_value(Kind.INTEGER, "21,0", decimal=",") == 21


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.23", Decimal("1.23")),
        ("1.2300", Decimal("1.23")),
        (".5", Decimal("0.50")),
        ("99999", "fails"),
        ("1.239", "fails"),
        ("1e1", "fails"),
    ],
)
def test_a_decimal_loses_no_digit(text, expected):
    assert convert_value(Kind.DECIMAL, text, precision=5, scale=2) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("TRUE", True), ("0", False), ("是", True), ("否", False), ("no", False), ("t", "fails"), ("2", "fails")],
)
def test_words_for_true_and_false_are_a_closed_list(text, expected):
    assert convert_value(Kind.BOOLEAN, text) is expected or convert_value(Kind.BOOLEAN, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("2024-02-29", "2024-02-29"), ("2023-02-29", "fails"), ("2024/02/29", "fails"), ("20240229", "fails")]
)
def test_a_date_is_iso(text, expected):
    assert str(convert_value(Kind.DATE, text)) == expected


def test_a_date_follows_the_contracts_pattern():
    assert str(convert_value(Kind.DATE, "29/2/2024", column_options={"time_format": "%d/%m/%Y"})) == "2024-02-29"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T08:00:00+08:00", "2026-01-01 00:00:00+00"),
        ("2026-01-01 08:00:00 +0800", "2026-01-01 00:00:00+00"),
        ("2025-12-31T14:30-09:30", "2026-01-01 00:00:00+00"),
        ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00+00"),
        ("2026-01-01T08:00:00.1234567+08", "2026-01-01 00:00:00.123456+00"),
        ("2026-01-01T08:00:00", "2026-01-01 00:00:00+00"),
        ("2026-01-01", "2025-12-31 16:00:00+00"),
        ("9999-12-31", "9999-12-30 16:00:00+00"),
        ("1986-05-04 02:30:00", "fails"),  # Shanghai's clocks went from 2 to 3 that night
        ("2026-02-30T00:00:00Z", "fails"),
        ("2026-01-01T00:00:00+08:00:00", "fails"),
        ("2026-01-01T25:00:00", "fails"),
        ("epoch", "fails"),
        ("infinity", "fails"),
        ("2026-1-1 00:00:00", "fails"),
    ],
)
def test_text_becomes_an_instant_by_its_offset_or_the_contracts_zone(text, expected):
    assert convert_value(Kind.TIMESTAMP, text, zone="Asia/Shanghai") == expected


def test_a_naive_time_without_a_zone_fails():
    assert convert_value(Kind.TIMESTAMP, "2026-01-01T00:00:00") == "fails"


def test_a_pattern_with_an_offset_needs_no_zone():
    options = {"time_format": "%d.%m.%Y %H:%M %z"}
    assert convert_value(Kind.TIMESTAMP, "01.01.2026 08:00 +0800", column_options=options) == "2026-01-01 00:00:00+00"


def test_a_pattern_without_an_offset_uses_the_zone():
    options = {"time_format": "%d/%m/%Y %H:%M"}
    assert convert_value(Kind.TIMESTAMP, "1/3/2018 00:15", column_options=options, zone="Asia/Seoul") == "2018-02-28 15:15:00+00"
    assert convert_value(Kind.TIMESTAMP, "2018-03-01 00:15", column_options=options, zone="Asia/Seoul") == "fails"


def test_null_tokens_are_nulls_and_texts_keep_their_blanks():
    assert convert_value(Kind.STRING, "NA", nulls=("NA",)) is None
    assert convert_value(Kind.STRING, " a ", nulls=("NA",)) == " a "
    assert convert_value(Kind.STRING, "", nulls=("NA",)) == ""


@pytest.mark.parametrize(
    ("stored", "kind", "value", "expected"),
    [
        (Kind.DOUBLE, Kind.INTEGER, 2.0, 2),
        (Kind.DOUBLE, Kind.INTEGER, 1.7, "fails"),
        (Kind.DOUBLE, Kind.INTEGER, 1e30, "fails"),
        (Kind.INTEGER, Kind.DOUBLE, 5, 5.0),
        (Kind.INTEGER, Kind.DOUBLE, 2**53 + 1, "fails"),
        (Kind.INTEGER, Kind.STRING, 5, "5"),
        (Kind.BOOLEAN, Kind.DATE, True, "fails"),
    ],
)
def test_a_native_value_converts_when_it_survives_the_way_back(stored, kind, value, expected):
    assert convert_value(kind, value, stored=DataType(stored), format_=FileFormat.PARQUET) == expected


def test_nan_of_a_native_double_is_no_value_but_is_kept():
    promised = contract(column("x", Kind.DOUBLE), column("y", Kind.DOUBLE, required=True), format_=FileFormat.PARQUET)
    double = DataType(Kind.DOUBLE)
    result = judge(promised, [(float("nan"), 1.0), (1.0, float("nan"))], stored={"x": double, "y": double})
    assert result.reasons() == {3: {"required:y"}}
    assert str(result.good[0]["x"]) == "nan"


@pytest.mark.parametrize("text", ["infinity", "-infinity", "20000-01-01 00:00:00+00", "0001-01-01 00:00:00+00"])
def test_an_instant_beyond_the_calendar_fails_in_native_types_too(text):
    instant = DataType(Kind.TIMESTAMP)
    promised = contract(column("x", Kind.TIMESTAMP), format_=FileFormat.PARQUET)
    assert judge(promised, [(text,)], stored={"x": instant}).reasons() == {2: {"type:x"}}
