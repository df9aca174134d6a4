"""Values in queries: what DuckDB reads is what was given, whatever the text holds."""

from decimal import Decimal

import duckdb
import pytest

from lakeward.core.sql import with_values

VALUES = [
    *("", "a'b", "'; DROP TABLE t; --", "$other", "? $1", "\\", "a\0b", "温度\n", '"', "/* */"),
    *(0, -1, 2**31, -(2**63), True, False, None, Decimal("-0.10"), Decimal("123456789012345678901234567890.5")),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_in_its_place_is_read_as_it_was_given(value):
    query = with_values("SELECT $value, $other, $value IS NULL", {"value": value, "other": "x"})
    assert duckdb.execute(query).fetchall() == [(value, "x", value is None)]


def test_whole_numbers_do_not_overflow_as_small_ones_do():
    assert duckdb.execute(with_values("SELECT $n * 2", {"n": 2**31 - 1})).fetchall() == [(2**32 - 2,)]


def test_a_place_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        with_values("SELECT $a, $b", {"a": 1})
