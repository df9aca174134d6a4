"""From counts to proposals: what is bounded, what is a form, what is a counter, and what is known already."""

from decimal import Decimal

import pytest

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.flows.suggest.column_history import ColumnHistory, Spread, ValueCount
from lakeward.flows.suggest.existing_rules import is_as_strict
from lakeward.flows.suggest.fills import stable_share
from lakeward.flows.suggest.history import split_batches
from lakeward.flows.suggest.proposal import TrialResult, trial_result
from lakeward.flows.suggest.ranges import best_state_column, is_counter, is_list, residual_spread
from lakeward.flows.suggest.sensitive import is_sensitive
from lakeward.flows.suggest.text_forms import common_form
from lakeward.flows.suggest.volumes import batch_bounds
from lakeward.grading.grade import ColumnGrade, Grade, GradeState

TEXT = DataType(Kind.STRING)


def spread(low, high, count=1000, state=None, **steps):
    return Spread(state=state, count=count, low=Decimal(low), high=Decimal(high), **steps)


def grade(level, category=None, state=GradeState.PROVISIONAL):
    return ColumnGrade(
        grade=Grade.GENERAL,
        level=level,
        category=category,
        state=state,
        detector=None,
        ratio=None,
        sample=None,
        rule_version="",
        catalogue="",
        why="",
    )


@pytest.mark.parametrize(("batches", "learned", "held"), [(1, 1, 0), (4, 4, 0), (5, 4, 1), (10, 8, 2), (14, 12, 2)])
def test_the_newest_fifth_of_the_batches_is_kept_back_where_there_are_enough(batches, learned, held):
    older, newest = split_batches(range(1, batches + 1))
    assert (len(older), len(newest)) == (learned, held)
    assert [*older, *newest] == list(range(1, batches + 1))


def test_states_explain_what_their_own_ranges_do_not_span():
    assert residual_spread(spread(0, 100), [spread(0, 10), spread(90, 100)]) == Decimal("0.1")
    assert residual_spread(spread(0, 100), [spread(0, 100), spread(0, 100)]) == 1


def test_states_that_leave_values_without_a_range_explain_nothing():
    assert residual_spread(spread(0, 100), [spread(0, 10, 500), spread(90, 100, 300)]) is None
    assert residual_spread(spread(0, 100), [spread(0, 100)]) is None


def test_the_state_that_leaves_least_is_taken():
    by_state = {"mode": [spread(0, 50), spread(50, 100)], "recipe": [spread(0, 5), spread(95, 100)]}
    assert best_state_column(spread(0, 100), by_state) == ("recipe", Decimal("0.05"))
    assert best_state_column(spread(0, 100), {"line": [spread(0, 90), spread(0, 100)]})[0] is None


@pytest.mark.parametrize(("up", "down", "counter"), [(500, 0, True), (500, 10, True), (500, 11, False), (19, 0, False)])
def test_a_number_that_rises_and_hardly_ever_falls_is_a_counter(up, down, counter):
    assert is_counter(spread(0, 1, up=up, down=down)) is counter


@pytest.mark.parametrize(("values", "codes"), [((0, 1 << 30, 1 << 31), True), ((0, 1, 2), False), ((3600,), False), ((), False)])
def test_numbers_far_apart_are_codes(values, codes):
    column = ColumnHistory(column=Column("x", DataType(Kind.INTEGER), "x"), filled_per_batch=(1,), distinct=1, sensitive=False)
    listed = ColumnHistory(
        column=column.column,
        filled_per_batch=(9,),
        distinct=3,
        sensitive=False,
        values=tuple(ValueCount(v, 3, 1) for v in values),
    )
    assert is_list(listed) is codes


@pytest.mark.parametrize(
    ("shapes", "form"),
    [
        ({"AA00000000-0000": 50}, "^[A-Z]{2}[0-9]{8}\\-[0-9]{4}$"),
        ({"aaa00": 3, "aaaaaaa00": 5}, "^[a-z]{3,7}[0-9]{2}$"),
        ({"A-000": 999, "b": 1}, "^[A-Z]\\-[0-9]{3}$"),
        ({"A-000": 90, "b": 10}, None),
        ({"aaa aaaa 00": 5}, None),
        ({"aaaa": 5}, None),
        ({"ä00": 5}, None),
        ({}, None),
    ],
)
def test_texts_of_one_shape_have_a_form(shapes, form):
    assert common_form(shapes)[1] == form


def test_an_odd_batch_does_not_move_the_bounds_of_the_others():
    usual = [1000, 1010, 990, 1005, 1001, 998]
    assert batch_bounds([*usual, 90_000]) == batch_bounds(usual)
    assert batch_bounds([500] * 5) == (450, 550)


@pytest.mark.parametrize(
    ("rows", "filled", "bounds"),
    [
        ((200,) * 4, (180, 182, 181, 180), ("0.880", "0.930")),
        ((200,) * 4, (180, 20, 181, 180), None),
        ((200,) * 3, (180, 182, 181), None),
        ((50,) * 4, (40, 40, 40, 40), None),
        ((200,) * 4, (0, 0, 0, 0), None),
    ],
)
def test_a_share_is_bounded_where_it_was_stable_in_enough_batches(rows, filled, bounds):
    assert stable_share(rows, filled) == (bounds and tuple(map(Decimal, bounds)))


@pytest.mark.parametrize(
    ("existing", "tight"),
    [
        ({"min_value": 0, "max_value": 10}, True),
        ({"min_value": 1, "max_value": 9}, True),
        ({"min_value": -1, "max_value": 10}, False),
        ({"min_value": 0}, False),
        ({"min_value": 0, "max_value": 10, "mostly": 0.9}, False),
        ({"min_value": "2020-01-01", "max_value": "2021-01-01"}, False),
    ],
)
def test_a_rule_covers_a_proposal_that_lets_no_less_through(existing, tight):
    assert is_as_strict(existing, {"min_value": 0, "max_value": 10}) is tight


@pytest.mark.parametrize(
    ("name", "grade", "hidden"),
    [
        ("load", grade(2), False),
        ("load", grade(3), True),
        ("load", grade(2, "personal.name"), True),
        ("operator", None, True),
        ("operator", grade(2), True),
        ("operator", grade(2, state=GradeState.CONFIRMED), False),
        ("load", grade(2, "personal.name", GradeState.CONFIRMED), True),
    ],
)
def test_a_column_is_kept_out_by_its_grade_or_its_name_until_a_person_decides(name, grade, hidden):
    assert is_sensitive(Column(name, TEXT, name), grade) is hidden


def test_a_rate_is_of_rows_where_there_are_failing_rows_and_of_batches_elsewhere():
    assert TrialResult(4, 1, 400, 2).share == 0.005
    assert TrialResult(4, 1, 400).share == 0.25
    assert TrialResult().share is None


def test_batches_without_a_row_to_judge_are_not_counted_as_passed():
    found = {1: {"rows": 10, "failed": 0}, 2: {"rows": 0, "failed": 0}, 3: {"rows": 5, "failed": 5}}
    assert trial_result(found, (1, 2, 3, 4)) == TrialResult(2, 1, 15, 5)
