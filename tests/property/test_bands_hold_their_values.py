"""A band holds its value, has bounds that do not depend on the value alone, and is never the value."""

import functools
import math
import random
import struct
from decimal import Decimal

import duckdb
import pytest

from lakeward.contracts.bands import Band, RegionLevel, TimeBucket
from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.protection.bands import OUT_OF_RANGE, band_expression

INTEGER, DOUBLE, STRING = DataType(Kind.INTEGER), DataType(Kind.DOUBLE), DataType(Kind.STRING)
WIDTHS = [Decimal(text) for text in ("0.1", "0.3", "0.5", "0.05", "0.25", "7", "50", "0.000001", "123456789")]


@functools.cache
def con():
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'")
    return made


def band_of(value, type_, band=None, unit=None):
    query = (
        f'SELECT {band_expression(chr(34) + "v" + chr(34), type_, band, unit)} FROM (SELECT CAST($1 AS {sql_type(type_)}) AS "v")'
    )
    return con().execute(query, [value]).fetchall()[0][0]


def bounds(text):
    low, high = text[1:-1].split(", ")
    return Decimal(low), Decimal(high)


def holds(text, value):
    low, high = bounds(text)
    return low <= value < high if text[0] == "[" else low < value <= high


def bands_of(values, type_, band=None):
    rows = f'(SELECT unnest($1::{sql_type(type_)}[]) AS "v")'
    return con().execute(f"SELECT v, {band_expression(chr(34) + 'v' + chr(34), type_, band)} FROM {rows}", [values]).fetchall()


def random_numbers(count=500):
    """Of every order of size, signs mixed."""
    draw = random.Random(7)
    return [draw.choice([-1, 1]) * draw.randrange(10 ** draw.randrange(1, 19)) for _ in range(count)]


def test_integer_lies_in_its_band_and_shares_it():
    numbers = [*random_numbers(), 2**63 - 1, -(2**63), *range(-25, 25), *(sign * 10**n for n in range(19) for sign in (-1, 1))]
    for number, shown in bands_of(numbers, INTEGER):
        low, high = bounds(shown)
        assert holds(shown, number)
        assert high - low >= 10
    for number, shown in bands_of(numbers, INTEGER, Band(Decimal(50))):
        assert shown == f"[{number // 50 * 50}, {number // 50 * 50 + 50})"


def test_decimal_lies_in_its_band_and_shares_it():
    numbers = [Decimal(number % 10**12).scaleb(-2).copy_sign(number) for number in random_numbers()] + [
        Decimal("-0.01"),
        Decimal(0),
    ]
    type_ = DataType(Kind.DECIMAL, 12, 2)
    for number, shown in bands_of(numbers, type_):
        assert holds(shown, number)
        assert bounds(shown)[1] - bounds(shown)[0] >= 10
    for number, shown in bands_of(numbers, type_, Band(Decimal("0.5"))):
        low = Decimal(math.floor(number / Decimal("0.5"))) * Decimal("0.5")
        assert bounds(shown) == (low, low + Decimal("0.5"))


@pytest.mark.parametrize("width", WIDTHS, ids=str)
def test_bounds_are_computed_in_decimal(width):
    """At a bound, and one binary step beside it: 0.3 lies in [0.3, 0.4), though three steps of 0.1 in binary are more than 0.3."""
    at_bounds = [float(steps % 10**6 * width) for steps in (*range(-300, 300), *random_numbers())]
    numbers = [
        beside for number in at_bounds for beside in (number, *(math.nextafter(number, side) for side in (math.inf, -math.inf)))
    ]
    for number, shown in bands_of(numbers, DOUBLE, Band(width)):
        low = (Decimal(repr(number)) / width).to_integral_value("ROUND_FLOOR") * width
        assert bounds(shown) == (low, low + width), number


def test_double_never_fails_and_lies_in_its_band():
    draw = random.Random(7)
    numbers = [struct.unpack("d", draw.randbytes(7) + b"\x40")[0] for _ in range(1000)] + [
        math.inf,
        -math.inf,
        -0.0,
        5e-324,
        1e308,
    ]
    for band in (None, Band(Decimal("0.1"))):
        for number, shown in bands_of(numbers, DOUBLE, band):
            if math.isfinite(number):
                assert shown == OUT_OF_RANGE or holds(shown, Decimal(repr(number)))
            else:
                assert shown == OUT_OF_RANGE


@pytest.mark.parametrize(
    ("value", "type_", "shown"),
    [
        (7, INTEGER, "[0, 10)"),
        (0, INTEGER, "[0, 10)"),
        (-3, INTEGER, "(-10, 0]"),
        (10, INTEGER, "[10, 20)"),
        (-10, INTEGER, "(-20, -10]"),
        (1834.5, DOUBLE, "[1000, 2000)"),
        (0.3, DOUBLE, "[0, 10)"),
        (6e-5, DOUBLE, "[0, 10)"),
        (9.5e20, DOUBLE, "[900000000000000000000, 1000000000000000000000)"),
        ("9" * 38, DataType(Kind.DECIMAL, 38, 0), f"[9{'0' * 37}, 1{'0' * 38})"),
        ("0.50", DataType(Kind.DECIMAL, 38, 38), "[0, 10)"),
        ("2026-03-02T23:59:59Z", DataType(Kind.TIMESTAMP), "2026-03-02"),
        ("2026-03-02", DataType(Kind.DATE), "2026-03"),
    ],
)
def test_value_without_a_declared_band(value, type_, shown):
    assert band_of(value, type_) == shown


def test_unit_stands_behind_the_band():
    assert band_of(173, INTEGER, Band(Decimal(50)), "kW") == "[150, 200) kW"
    assert band_of(173, INTEGER, Band(Decimal(50)), "1") == "[150, 200)"
    assert band_of(float("nan"), DOUBLE, None, "kW") == OUT_OF_RANGE


def test_lengths_of_time():
    shown = [band_of("2026-01-01T06:15:00Z", DataType(Kind.TIMESTAMP), Band(bucket=bucket)) for bucket in TimeBucket]
    assert shown == ["2026-01-01T06", "2026-01-01", "2026-W01", "2026-01", "2026-Q1", "2026"]


def test_times_of_one_day_have_one_band():
    times = [f"2026-03-02 {hour:02}:{minute:02}:00+00" for hour in range(24) for minute in (0, 30, 59)]
    assert {band for _, band in bands_of(times, DataType(Kind.TIMESTAMP))} == {"2026-03-02"}


REGIONS = [
    ("江苏省苏州市工业园区星湖街328号", "江苏省", "江苏省苏州市", "江苏省苏州市工业园区"),
    ("北京市朝阳区建国路1号", "北京市", "北京市", "北京市朝阳区"),
    ("广西壮族自治区南宁市青秀区民族大道1号", "广西壮族自治区", "广西壮族自治区南宁市", "广西壮族自治区南宁市青秀区"),
    ("吉林省延边朝鲜族自治州延吉市光明街1号", "吉林省", "吉林省延边朝鲜族自治州", "吉林省延边朝鲜族自治州延吉市"),
    ("上海市 浦东新区 世纪大道100号", "上海市", "上海市", "上海市浦东新区"),
    ("中国广东省深圳市南山区科技园", "广东省", "广东省深圳市", "广东省深圳市南山区"),
    ("山东省济南市市中区经四路1号", "山东省", "山东省济南市", "山东省济南市"),
    ("北京市幸福路阳光小区3号", "北京市", "北京市", "北京市"),
    ("北京幸福小区", "北京", "北京", "北京"),
    ("320506", "320000", "320500", "320506"),
    ("320506001", "320000", "320500", "320506"),
    ("110101199003071234", "110000", "110100", "110101"),
    *((text, "***", "***", "***") for text in ("990101", "13800138000", "someone's street 5", "", "经四路1号")),
]


def test_region_of_an_address_or_code():
    found = [[text for _, text in bands_of([case[0] for case in REGIONS], STRING, Band(region=level))] for level in RegionLevel]
    assert list(zip((case[0] for case in REGIONS), *found, strict=True)) == REGIONS


def test_text_of_no_region_shows_nothing_of_it():
    names = ["张伟", "19900004321", "M1", "北 京", "路北京市", " ", "#江苏省"]
    assert {shown for _, shown in bands_of(names[:3] + names[4:], STRING, Band(region=RegionLevel.DISTRICT))} == {"***"}


def test_text_without_a_declared_band_is_its_length_class():
    texts = ["", "a", "张伟民李", "张伟民李建", "x" * 16, "x" * 17, "x" * 64, "x" * 65]
    assert [shown for _, shown in bands_of(texts, STRING)] == ["", "1-4", "1-4", "5-16", "5-16", "17-64", "17-64", "65+"]
