"""Readiness for any readings: better never reads worse, order means nothing, and what is unknown never helps."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lakeward.maturity.arithmetic import IndicatorLevel, interpolate_level, propose_item

LEAST, CEILING = Decimal("0.6"), Decimal(4)
levels = st.decimals(1, 5, places=3)
readings = st.builds(IndicatorLevel, st.one_of(st.none(), levels), st.decimals(Decimal("0.5"), 3, places=1), must=st.booleans())
items = st.lists(readings, min_size=1, max_size=8)
steps = st.lists(st.decimals(0, 100, places=2), min_size=4, max_size=4, unique=True).map(sorted)
values = st.decimals(0, 200, places=4)


@given(steps, values, values, st.booleans())
def test_a_better_value_never_has_a_lower_level(steps, one, other, lower):
    marks = steps[::-1] if lower else steps
    worse, better = sorted((one, other), reverse=lower)
    assert 1 <= interpolate_level(worse, marks, lower=lower) <= interpolate_level(better, marks, lower=lower) <= 5


@given(items, st.randoms(use_true_random=False))
def test_the_order_of_indicators_means_nothing(item, chance):
    shuffled = random.Random(chance.random()).sample(item, len(item))
    assert propose_item(shuffled, CEILING, LEAST) == propose_item(item, CEILING, LEAST)


@given(items, readings.map(lambda r: IndicatorLevel(None, r.weight, r.must)))
def test_one_more_unknown_never_raises_a_score_and_coverage_never_rises(item, unknown):
    before, after = propose_item(item, CEILING, LEAST), propose_item([*item, unknown], CEILING, LEAST)
    assert after.coverage <= before.coverage
    assert after.score is None or after.score == before.score


@given(items, st.data())
def test_forgetting_a_must_never_raises_a_score(item, data):
    at = data.draw(st.integers(0, len(item) - 1))
    forgotten = [IndicatorLevel(None, r.weight, must=True) if place == at else r for place, r in enumerate(item)]
    assert propose_item(forgotten, CEILING, LEAST).score is None


@given(items, st.data())
def test_a_better_reading_never_lowers_a_score(item, data):
    at = data.draw(st.integers(0, len(item) - 1))
    better = data.draw(levels)
    old = item[at].level
    raised = [IndicatorLevel(max(old or better, better), r.weight, r.must) if p == at and old else r for p, r in enumerate(item)]
    before, after = propose_item(item, CEILING, LEAST), propose_item(raised, CEILING, LEAST)
    assert before.score is None or after.score >= before.score


@given(items)
def test_a_score_lies_between_one_and_the_ceiling(item):
    score = propose_item(item, CEILING, LEAST).score
    assert score is None or 1 <= score <= CEILING
