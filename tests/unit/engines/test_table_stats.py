"""Statistics never claim what a reader could skip wrongly by."""

import json
from decimal import Decimal

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.delta.stats import stats_json


def stats(kind, **values):
    text = stats_json(3, {'"c"': {"null_count": "0", **values}}, {"c": DataType(kind, 38, 10)})
    return json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize(
    ("kind", "low", "high", "expected"),
    [
        (Kind.INTEGER, "-5", "9223372036854775807", (-5, 9223372036854775807)),
        (Kind.DOUBLE, "-1e-07", "1.5", (Decimal("-1e-07"), Decimal("1.5"))),
        (Kind.DECIMAL, "0.0000000001", "1234567890123456789012345678.0123456789", None),
        (Kind.DATE, "0001-01-01", "9999-12-31", ("0001-01-01", "9999-12-31")),
        (Kind.STRING, 'a"b', "温度", ('a"b', "温度")),
        (Kind.TIMESTAMP, "2026-03-01 00:00:00.1239+00", "2026-03-01 00:00:00.123+00", None),
    ],
)
def test_bounds_are_written_in_deltas_own_forms(kind, low, high, expected):
    found = stats(kind, min=low, max=high)
    special = {
        Kind.DECIMAL: (Decimal(low) if kind is Kind.DECIMAL else None, Decimal(high) if kind is Kind.DECIMAL else None),
        Kind.TIMESTAMP: ("2026-03-01T00:00:00.123Z", "2026-03-01T00:00:00.123Z"),
    }
    assert (found["minValues"]["c"], found["maxValues"]["c"]) == (expected or special[kind])


@pytest.mark.parametrize(
    ("last", "stored"),
    [
        ("2026-03-01 00:00:00.000001+00", "2026-03-01T00:00:00.001Z"),
        ("2026-12-31 23:59:59.999999+00", "2027-01-01T00:00:00.000Z"),
        ("2026-03-01 08:00:00+08", "2026-03-01T00:00:00.000Z"),
    ],
)
def test_a_maximum_is_rounded_up_to_the_millisecond(last, stored):
    assert stats(Kind.TIMESTAMP, min="2026-01-01 00:00:00+00", max=last)["maxValues"]["c"] == stored


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.DOUBLE, {"min": "1.0", "max": "2.0", "has_nan": "true"}),
        (Kind.DOUBLE, {"min": "-inf", "max": "inf"}),
        (Kind.STRING, {"min": "a", "max": "b" * 65}),
        (Kind.TIMESTAMP, {"min": "2026-01-01 00:00:00+00", "max": "infinity"}),
        (Kind.TIMESTAMP, {"min": "0044-03-15 (BC) 00:00:00+00", "max": "2026-01-01 00:00:00+00"}),
        (Kind.TIMESTAMP, {"min": "2026-01-01 00:00:00+00", "max": "12026-01-01 00:00:00+00"}),
        (Kind.DATE, {"min": "2026-01-01", "max": "12026-01-01"}),
        (Kind.BOOLEAN, {"min": "0", "max": "1"}),
        (Kind.BINARY, {"min": "00", "max": "ff"}),
        (Kind.INTEGER, {}),
    ],
)
def test_bounds_that_could_mislead_are_left_out_and_nulls_still_counted(kind, values):
    assert stats(kind, **values) == {"numRecords": 3, "minValues": {}, "maxValues": {}, "nullCount": {"c": 0}}


def test_the_last_instant_of_the_calendar_has_no_bound():
    last = "9999-12-31 23:59:59.9999+00"
    assert stats(Kind.TIMESTAMP, min="2026-01-01 00:00:00+00", max=last)["maxValues"] == {}


def test_names_lose_only_their_own_quotes():
    written = {'"a""b"': {"null_count": "1"}, '"nobody asked"': {"null_count": "1"}}
    assert json.loads(stats_json(1, written, {'a"b': DataType(Kind.BINARY)}))["nullCount"] == {'a"b': 1}
