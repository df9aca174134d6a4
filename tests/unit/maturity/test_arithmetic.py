"""The arithmetic of readiness: the published scheme of clauses, and our own of indicators."""

from decimal import Decimal

import pytest

from lakeward.maturity.arithmetic import (
    IndicatorLevel,
    TargetHistory,
    clause_score,
    half_up,
    highest_level,
    indicative_level,
    interpolate_level,
    mean,
    propose_item,
)

STEPS = [Decimal(20), Decimal(60), Decimal(90), Decimal(98)]
SHORTER = [Decimal(30), Decimal(10), Decimal(5), Decimal(2)]


def clauses(*levels):
    return [[Decimal(c) / 100 for c in one] for one in levels]


def test_worked_example_of_clauses_rounds_each_level_half_up():
    assert clause_score(clauses([100], [100, 70, 100], [70, 50, 0, 50], [0], [0])) == Decimal("2.33")


def test_an_item_whose_clauses_all_hold_has_five():
    assert clause_score(clauses([100], [100], [100], [100], [100])) == Decimal("5.00")


@pytest.mark.parametrize(("value", "rounded"), [("0.425", "0.43"), ("0.424", "0.42"), ("2.675", "2.68")])
def test_the_half_goes_up(value, rounded):
    assert half_up(Decimal(value)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("value", "found"), [("0", "1"), ("19.99", "1"), ("20", "2"), ("40", "2.5"), ("60", "3"), ("98", "5"), ("100", "5")]
)
def test_a_value_is_read_linearly_between_the_steps(value, found):
    assert interpolate_level(Decimal(value), STEPS) == Decimal(found)


@pytest.mark.parametrize(("value", "found"), [("31", "1"), ("30", "2"), ("20", "2.5"), ("2", "5"), ("0", "5")])
def test_where_less_is_better_the_steps_go_down(value, found):
    assert interpolate_level(Decimal(value), SHORTER, lower=True) == Decimal(found)


def test_a_value_just_below_a_step_is_below_it():
    assert interpolate_level(Decimal("59.99999"), STEPS) < 3


@pytest.mark.parametrize(
    ("history", "highest"),
    [
        (None, 3),
        (TargetHistory(5, Decimal(1)), 3),
        (TargetHistory(6, Decimal("0.79")), 3),
        (TargetHistory(6, Decimal("0.8")), 4),
        (TargetHistory(6, Decimal("0.8"), improving=True), 5),
    ],
)
def test_a_high_value_without_history_stops_at_three(history, highest):
    assert highest_level(history, 6, Decimal("0.8")) == highest


def test_an_item_is_the_mean_of_what_is_measured_under_its_ceiling():
    assert propose_item(
        [IndicatorLevel(Decimal(2)), IndicatorLevel(Decimal("2.5")), IndicatorLevel(None)], Decimal(4), Decimal("0.6")
    ).score == Decimal("2.25")
    assert propose_item([IndicatorLevel(Decimal(3)), IndicatorLevel(Decimal(3))], Decimal(2), Decimal("0.6")).score == Decimal(
        "2.00"
    )


def test_little_coverage_withholds_the_level():
    found = propose_item([IndicatorLevel(Decimal(3)), IndicatorLevel(None)], Decimal(4), Decimal("0.6"))
    assert (found.score, found.coverage, found.reason) == (None, Decimal("0.50"), "maturity_insufficient")


def test_coverage_of_exactly_the_least_is_enough():
    assert propose_item(
        [IndicatorLevel(Decimal(3))] * 3 + [IndicatorLevel(None)] * 2, Decimal(4), Decimal("0.6")
    ).score == Decimal("3.00")


def test_an_item_does_not_pass_an_indicator_that_it_must_have():
    assert propose_item(
        [IndicatorLevel(Decimal(1), must=True), IndicatorLevel(Decimal(5)), IndicatorLevel(Decimal(5))],
        Decimal(4),
        Decimal("0.6"),
    ).score == Decimal("2.00")


def test_an_unknown_must_withholds_the_level():
    found = propose_item(
        [IndicatorLevel(None, must=True), IndicatorLevel(Decimal(3)), IndicatorLevel(Decimal(3))], Decimal(4), Decimal("0.6")
    )
    assert (found.score, found.reason) == (None, "maturity_must_unknown")


def test_the_mean_of_nothing_is_unknown():
    assert mean([None, None]) is None
    assert mean([]) is None


def test_no_domain_lies_more_than_a_level_below_the_announced_one():
    bands = [Decimal("1.5"), Decimal("2.5"), Decimal("3.5"), Decimal("4.5")]
    assert indicative_level(Decimal("3.50"), [Decimal("3.5"), Decimal("3.5")], bands, 1) == 4
    assert indicative_level(Decimal("3.50"), [Decimal("1.0"), Decimal("4.9")], bands, 1) == 2
