"""Every compiled expectation, with every form of condition, says what Great Expectations says; where not, it is a listed difference."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeward.quality.catalogue import Form, expectations
from support.gx_cases import CASES, WITH_CONDITION
from support.gx_comparison import judge_by_gx, judge_by_lakeward, table
from support.gx_differences import differences

# To import it takes a worker three seconds: not before a test needs it.
pytestmark = pytest.mark.skipif(find_spec("great_expectations") is None, reason="the extra gx is not installed")

ALL = CASES + WITH_CONDITION
TEXTS = ["ab", "", "中文", "é", "e\u0301", "😀", "A-1", "a\n", "[1]", '{"a": 1}', "2026-02-28", "2026-02-30", "1"]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = [0.0, 1.0, 2.0, 2.5, -3.0, 4.0, 0.5, float("nan"), 1e300, -1e-300, 1e15]
INFINITE = [float("inf"), float("-inf")]


def rows(*numbers):
    number = st.none() | st.sampled_from(numbers)
    values = {
        "x": number,
        "y": number,
        "n": st.none() | st.integers(-3, 4),
        "m": st.integers(0, 5),
        "s": st.none() | st.sampled_from(TEXTS),
        "u": st.none() | st.sampled_from(["x", "y", "ab"]),
        "c": st.none() | st.sampled_from(["A", "B", "C"]),
        "d": st.none() | st.sampled_from([Decimal("1.5"), Decimal("0.1"), Decimal(-1), Decimal("2.2500"), Decimal(3)]),
        "t": st.none() | st.builds(lambda hours: FIRST + timedelta(hours=12 * hours), st.integers(-2, 6)),
        "k": st.none() | st.builds(lambda days: date(2026, 1, 1) + timedelta(days), st.integers(-1, 3)),
        "b": st.none() | st.booleans(),
    }
    return st.lists(st.fixed_dictionaries(values), max_size=8)


def unexplained_differences(given_rows, cases):
    data, listed = table(given_rows), differences()
    return [
        (case, mine, his)
        for case, mine, his in zip(cases, judge_by_lakeward(data, cases), judge_by_gx(data, cases), strict=True)
        if not (mine.compiled and mine.agrees(his)) and not any(known.explains(case, given_rows) for known in listed)
    ]


# A part of the cases per example: Great Expectations needs milliseconds for each.
PARTS = 8
PROFILE = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.exhaustive
@settings(max_examples=2 * PARTS, **PROFILE)
@given(rows(*NUMBERS), st.integers(0, PARTS - 1))
def test_compiled_expectations_say_what_great_expectations_says(given_rows, part):
    assert unexplained_differences(given_rows, ALL[part::PARTS]) == []


@pytest.mark.exhaustive
@settings(max_examples=10 * PARTS, **PROFILE)
@given(rows(*NUMBERS, *INFINITE), st.integers(0, PARTS - 1))
def test_they_say_so_with_infinities_too(given_rows, part):
    assert unexplained_differences(given_rows, ALL[part::PARTS]) == []


HUGE = [
    [1e300],
    [None, 1e300],
    [1e150],
    [1e300, 1e300],
    [1e300, 0.0],
    [1e308, 1e308],
    INFINITE,
    [INFINITE[0]],
    [INFINITE[1], 1.0],
]


@pytest.mark.parametrize("values", HUGE, ids=str)
def test_deviations_of_huge_and_infinite_numbers(values):
    cases = [("column_stdev_to_be_between", {"column": "x"} | bounds) for bounds in ({}, {"min_value": 0}, {"max_value": 5})]
    assert unexplained_differences([{"x": value} for value in values], cases) == []


def test_the_deviation_of_huge_numbers_is_theirs_and_not_infinite():
    case = ("column_stdev_to_be_between", {"column": "x", "max_value": 1e305})
    (found,) = judge_by_lakeward(table([{"x": 1e300}, {"x": 0.0}]), [case])
    assert (found.success, found.observed) == (True, pytest.approx(1e300 / 2**0.5))


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize("given_rows", [[], [{"m": 1}] * 3], ids=["no row", "no value"])
def test_they_say_so_over_nothing(given_rows):
    assert unexplained_differences(given_rows, ALL) == []


@pytest.mark.parametrize("known", differences(), ids=lambda known: known.id)
def test_a_listed_difference_is_one(known):
    case, found = known.case(), known.rows()
    (mine,), (his,) = judge_by_lakeward(table(found), [case]), judge_by_gx(table(found), [case])
    assert mine.compiled
    assert known.explains(case, found)
    assert not mine.agrees(his)
    assert (his.success is None) == (known.theirs == "raises")


def test_every_compiled_expectation_is_tried():
    forms = (Form.ROW, Form.UNIQUE, Form.AGGREGATE, Form.SCHEMA)
    compiled = {name.removeprefix("expect_") for name, known in expectations().items() if known.form in forms}
    assert compiled == {type_ for type_, _ in ALL}
