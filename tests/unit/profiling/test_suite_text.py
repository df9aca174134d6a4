"""Bounds that one file's extremes become."""

import json
from decimal import Decimal

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.profiling.findings import ColumnProfile, Key, Profile
from lakeward.profiling.suite_text import suite_text, widen_range


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [
        ("0", "157.18", "0", "173"),
        ("20", "30", "19", "31"),
        ("-5.5", "-1", "-5.95", "-0.55"),
        ("-40", "120", "-56", "136"),
        ("7", "7", "6.3", "7.7"),
        ("0", "0", "0", "0"),
        ("-3", "0", "-3.3", "0"),
    ],
)
def test_a_range_is_widened_and_keeps_its_sign(low, high, least, most):
    assert widen_range(Decimal(low), Decimal(high)) == (Decimal(least), Decimal(most))


@pytest.mark.parametrize(
    ("kind", "low", "high", "bounds", "margin"),
    [
        (Kind.DOUBLE, "20", "30", (19.0, 31.0), "with a margin of 10%, rounded, below and above"),
        (Kind.DOUBLE, "0", "157.18", (0.0, 173.0), "with a margin of 10%, rounded, above"),
        (Kind.INTEGER, "1", "5", (0, 5), "with a margin of 10%, rounded, below"),
        (Kind.INTEGER, "0", "3", (0, 3), "as they are"),
    ],
)
def test_the_note_of_a_bound_says_on_which_sides_there_is_a_margin(kind, low, high, bounds, margin):
    column = ColumnProfile(
        source_name="n", name="n", type=DataType(kind), time_format=None, rival_formats=(), filled=9, converted=9,
        low=Decimal(low), high=Decimal(high),
    )  # fmt: skip
    profile = Profile(
        record_format=RecordFormat(format=FileFormat.CSV), columns=(column,), key=Key(), rows=10, times=None, rejects=0,
        agreeing_records=10, sampled_records=10, suffix=".csv",
    )  # fmt: skip
    [rule] = json.loads(suite_text(profile, "n"))["expectations"]

    assert (rule["kwargs"]["min_value"], rule["kwargs"]["max_value"]) == bounds
    assert rule["meta"]["notes"] == f"The bounds of 9 values of one file, {margin}; set them to what is possible."
