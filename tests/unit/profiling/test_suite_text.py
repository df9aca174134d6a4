"""Bounds that one file's extremes become."""

from decimal import Decimal

import pytest

from lakeward.profiling.suite_text import widen_range


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
