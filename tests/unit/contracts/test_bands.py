"""A band of a contract suits its column, or is refused with its place."""

from decimal import Decimal

import pytest

from lakeward.contracts.bands import Band, RegionLevel, TimeBucket, read_band
from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.view import View

DECIMAL = DataType(Kind.DECIMAL, 12, 2)


def read(value, type_):
    faults = []
    return read_band(View({"band": value}, (), faults), type_ if isinstance(type_, DataType) else DataType(type_)), faults


@pytest.mark.parametrize(
    ("value", "type_", "band"),
    [
        (50, Kind.INTEGER, Band(Decimal(50))),
        ("50", Kind.INTEGER, Band(Decimal(50))),
        (0.1, Kind.DOUBLE, Band(Decimal("0.1"))),
        (0.02, DECIMAL, Band(Decimal("0.02"))),
        ("hour", Kind.TIMESTAMP, Band(bucket=TimeBucket.HOUR)),
        ("week", Kind.DATE, Band(bucket=TimeBucket.WEEK)),
        ("city", Kind.STRING, Band(region=RegionLevel.CITY)),
        (None, Kind.BOOLEAN, None),
    ],
)
def test_band_of_its_type(value, type_, band):
    assert read(value, type_) == (band, [])


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (1, Kind.INTEGER),  # would be the value
        (2.5, Kind.INTEGER),
        (0.01, DECIMAL),  # would be the value
        (0.025, DECIMAL),
        (0, Kind.DOUBLE),
        (-5, Kind.DOUBLE),
        (float("inf"), Kind.DOUBLE),
        (float("nan"), Kind.DOUBLE),
        (1e-7, Kind.DOUBLE),
        (1e12, Kind.DOUBLE),
        (True, Kind.INTEGER),
        ([50], Kind.INTEGER),
        ("wide", Kind.DOUBLE),
        ("day", Kind.DATE),  # would be the value
        ("hour", Kind.DATE),
        ("minute", Kind.TIMESTAMP),
        (50, Kind.TIMESTAMP),
        ("street", Kind.STRING),
        (["city"], Kind.STRING),
        (50, Kind.BOOLEAN),
    ],
)
def test_band_that_does_not_suit_is_refused(value, type_):
    band, faults = read(value, type_)
    assert band is None
    assert [fault.code for fault in faults] == ["contract_band_of_other" if type_ is Kind.BOOLEAN else "contract_value"]
