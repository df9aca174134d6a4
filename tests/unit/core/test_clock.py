"""Instants as engines hand them over: microseconds since 1970 (`core.clock`)."""

from datetime import UTC, datetime

from lakeward.core.clock import instant_of, with_instants


def test_an_instant_is_aware_and_exact_to_the_microsecond():
    assert instant_of(1_772_323_200_000_001) == datetime(2026, 3, 1, 0, 0, 0, 1, UTC)
    assert instant_of(-1) == datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)


def test_what_lies_beyond_the_calendar_is_shown_as_its_end():
    assert instant_of(2**63 - 1) == datetime.max.replace(tzinfo=UTC)
    assert instant_of(-(2**63)) == datetime.min.replace(tzinfo=UTC)


def test_of_a_row_only_the_instants_are_changed_and_missing_ones_stay_missing():
    assert with_instants((0, 0, None, "x"), [0, 2]) == (datetime(1970, 1, 1, tzinfo=UTC), 0, None, "x")
