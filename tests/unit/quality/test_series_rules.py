"""Each sensor rule on a few readings: what it finds, what it must leave alone, and what it can't know."""

import json

import pytest

from lakeward.core.errors import SuiteError
from lakeward.quality.catalogue import Form, argument_shapes, expectations
from lakeward.quality.rule import Outcome, Severity
from lakeward.quality.series.plan import SERIES_RULES
from lakeward.quality.series.shapes import SERIES_SHAPES
from support.judging import expect, rules_of
from support.sensor_batches import WIDE, BatchSequence, judge_once, reading, telemetry_contract


def rule(type_, **kwargs):
    return expect(f"series_{type_}", id_="r", **kwargs)


def failing_rows(rows, expectation, **kwargs):
    """Rows (from 1) that fail the one rule, and how many were evaluated."""
    verdicts, failing = judge_once(rows, expectation, **kwargs)
    return failing["r"], verdicts["r"].evaluated


def values(*given, step=10):
    return [reading(step * number, value) for number, value in enumerate(given)]


def test_a_gap_fails_at_the_reading_after_it_and_the_first_reading_is_not_evaluated():
    rows = [reading(at) for at in (0, 10, 20, 60, 70)]
    assert failing_rows(rows, rule("no_gap")) == ([4], 4)


def test_half_a_period_late_is_no_gap():
    assert failing_rows([reading(0), reading(15), reading(30.1)], rule("no_gap")) == ([3], 2)


def test_a_heartbeat_is_no_gap_and_a_missed_one_is():
    rows = [reading(at) for at in (0, 600, 1190, 2500)]
    assert failing_rows(rows, rule("no_gap", heartbeat_seconds=600)) == ([4], 3)


def test_silence_in_a_planned_stop_is_no_gap():
    rows = [(0, 1, 1, "run"), (10, 1, 1, "idle"), (600, 1, 1, "run"), (900, 1, 1, "run")]
    planned = rule("no_gap", state_column="state", stop_states=["idle"])
    assert failing_rows(rows, planned, names=WIDE) == ([4], 1)


def test_series_do_not_see_each_other():
    rows = [reading(0, series="a"), reading(50, series="b"), reading(10, series="a"), reading(60, series="b")]
    assert failing_rows(rows, rule("no_gap")) == ([], 2)


def test_a_wide_table_is_one_series():
    assert failing_rows([(0, 1, 1, ""), (10, 1, 1, ""), (40, 1, 1, "")], rule("no_gap"), names=WIDE) == ([3], 2)


def test_a_value_that_stays_longer_than_it_may_is_flat():
    assert failing_rows(values(1, 2, 2, 2, 2, 3), rule("not_flat", max_flat_seconds=20)) == ([5], 5)


def test_almost_the_same_is_the_same_within_the_tolerance():
    assert failing_rows(values(1, 1.01, 1.02, 1.01), rule("not_flat", max_flat_seconds=20, tolerance=0.05)) == ([4], 3)


def test_a_heartbeat_with_an_equal_value_is_not_flat_but_quick_repeats_are():
    beats = [reading(600 * number, 5.0) for number in range(6)]
    assert failing_rows(beats, rule("not_flat", max_flat_seconds=1200, heartbeat_seconds=600)) == ([], 5)
    quick = [reading(100 * number, 5.0) for number in range(15)]
    assert failing_rows(quick, rule("not_flat", max_flat_seconds=1200, heartbeat_seconds=600))[0] == [14, 15]


def test_no_value_is_not_a_flat_one():
    assert failing_rows(values(1, 1, None, 1, 1, 1), rule("not_flat", max_flat_seconds=15)) == ([6], 3)


def test_a_change_is_judged_by_the_time_it_took():
    rows = [reading(0, 0), reading(10, 5), reading(11, 10), reading(11, 20), reading(61, 50)]
    assert failing_rows(rows, rule("rate_of_change_between", min_value=-1, max_value=1)) == ([3], 3)
    assert failing_rows(rows, rule("rate_of_change_between", max_value=60, per_seconds=60)) == ([3], 3)


QUIET = [20 + 0.1 * (number % 3) for number in range(12)]


def test_up_to_three_readings_that_leap_and_come_back_are_a_spike():
    assert failing_rows(values(*QUIET, 50, 51, 50, *QUIET), rule("no_spike"))[0] == [13, 14, 15]
    assert failing_rows(values(*QUIET, -50, *QUIET), rule("no_spike"))[0] == [13]


def test_a_step_and_a_ramp_are_no_spikes():
    assert failing_rows(values(*QUIET, *(value + 100 for value in QUIET)), rule("no_spike")) == ([], 8)
    assert failing_rows(values(*QUIET, *range(21, 45), *(value + 25 for value in QUIET)), rule("no_spike"))[0] == []


def test_where_nothing_varies_only_a_change_that_matters_is_a_spike():
    flat = [5.0] * 12
    assert failing_rows(values(*flat, 6, *flat), rule("no_spike"))[0] == []
    assert failing_rows(values(*flat, 6, *flat), rule("no_spike", min_change=0.5))[0] == [13]


def test_a_reading_behind_a_newer_one_is_out_of_order():
    rows = [reading(at) for at in (0, 20, 10, 30, 15, 40)]
    assert failing_rows(rows, rule("timestamps_in_order")) == ([3, 5], 5)


def test_the_second_reading_of_one_time_fails_and_an_identical_one_may_be_allowed():
    rows = [reading(0, 1), reading(0, 1), reading(10, 1), reading(10, 2)]
    assert failing_rows(rows, rule("no_duplicate_timestamps")) == ([2, 4], 4)
    assert failing_rows(rows, rule("no_duplicate_timestamps", allow_identical=True)) == ([4], 4)


def test_a_unit_fails_once_where_it_changes():
    rows = [reading(at, unit=unit) for at, unit in ((0, "Cel"), (10, "Cel"), (20, "[degF]"), (30, "[degF]"))]
    assert failing_rows(rows, rule("unit_unchanged")) == ([3], 3)


def test_a_clock_is_told_by_those_that_arrive_beside():
    rows = [reading(at + (3600 if one == 3 else 0), series=f"m/{one}") for at in (0, 10, 20) for one in range(10)]
    assert failing_rows(rows, rule("no_clock_skew")) == ([4, 14, 24], 30)


def test_where_the_times_beside_do_not_agree_nobody_knows_whose_clock_is_wrong():
    verdicts, _ = judge_once([reading(600 * number) for number in range(20)], rule("no_clock_skew"))
    assert verdicts["r"].outcome is Outcome.UNKNOWN


def test_a_reading_ahead_of_its_own_arrival_has_a_wrong_clock():
    line = BatchSequence((rule("no_clock_skew"),))
    verdicts = line.judge_next([reading(0), reading(600), reading(9000)], ingested_at="2020-03-01 00:10:00+00")
    assert (verdicts["r"].evaluated, line.failing["r"]) == (1, [(1, 3)])


RANGES = {"run": [10, None], "idle": [None, 1]}


def test_a_range_depends_on_the_state_in_the_row():
    rows = [(0, 20, 0, "run"), (10, 5, 0, "run"), (20, 5, 0, "idle"), (30, 5, 0, "setup"), (40, None, 0, "run")]
    one = rule("range_by_state", column="flow_in", state_column="state", ranges=RANGES)
    assert failing_rows(rows, one, names=WIDE) == ([2, 3], 3)
    assert failing_rows(rows, rule("range_by_state", column="flow_in", state_column="state", ranges={"*": [6, 30]}), names=WIDE)[
        0
    ] == [
        2,
        3,
        4,
    ]


def test_in_long_telemetry_the_machines_own_series_tells_the_state():
    rows = [
        *(reading(0, 5, series="m1/kw"), reading(0, None, series="m1/state", word="run"), reading(10, 5, series="m1/kw")),
        *(reading(10, 5, series="m2/kw"), reading(20, None, series="m1/state", word="idle"), reading(30, 5, series="m1/kw")),
    ]
    one = rule("range_by_state", state_series="state", ranges=RANGES, series_regex="/kw$")
    assert failing_rows(rows, one) == ([1, 3, 6], 3)


def test_of_two_states_at_one_time_the_later_one_counts():
    words = [reading(0, None, series="m/state", word=word) for word in ("idle", "run")]
    one = rule("range_by_state", state_series="state", ranges=RANGES, series_regex="/kw$")
    assert failing_rows([*words, reading(0, 5, series="m/kw")], one) == ([3], 1)


def test_a_series_that_its_source_does_not_vouch_for_fails_by_its_bad_readings():
    rows = [reading(at, series=s, quality=2 if s == "b" and at < 20 else 0) for at in range(0, 100, 10) for s in "ab"]
    assert failing_rows(rows, rule("quality_code_share", min_share=0.9)) == ([2, 4], 20)
    assert failing_rows(rows, rule("quality_code_share", min_share=0.8)) == ([], 20)


def test_what_goes_in_must_come_out():
    rows = [(0, 100, 99, ""), (10, 100, 90, ""), (20, 100, None, "")]
    wide = rule("balance", input_columns=["flow_in"], output_columns=["flow_out"])
    assert failing_rows(rows, wide, names=WIDE) == ([2], 2)
    long = [
        reading(at, value, series=s) for at, out in ((0, 60), (10, 30)) for s, value in (("in", 100), ("o1", 40), ("o2", out))
    ]
    flows = rule("balance", input_series=["in"], output_series=["o1", "o2"])
    assert failing_rows([*long, reading(20, 5, series="in")], flows) == ([6], 2)


def test_only_readings_of_the_named_series_and_the_condition_count():
    rows = [reading(0, series="a/x"), reading(30, series="a/x"), reading(0, series="a/y"), reading(60, series="a/y")]
    assert failing_rows(rows, rule("no_gap", series_regex="y$")) == ([4], 1)
    bad = [reading(0), reading(10, quality=2), reading(20)]
    assert failing_rows(bad, rule("no_gap", row_condition="quality == 0", condition_parser="pandas")) == ([3], 1)


def test_mostly_lives_with_some():
    verdicts, _ = judge_once([reading(at) for at in (0, 10, 20, 60, 70)], rule("no_gap", mostly=0.7))
    assert verdicts["r"].outcome is Outcome.PASS


def test_a_series_of_one_reading_leaves_the_rule_unknown():
    verdicts, _ = judge_once([reading(0)], rule("no_gap"))
    assert verdicts["r"].outcome is Outcome.UNKNOWN


def test_one_suite_of_all_rules_is_one_query():
    long = [reading(at, 1 + at % 7, series=s) for at in range(0, 300, 10) for s in ("m/a", "m/b")]
    kinds = [one for one in sorted(SERIES_RULES) if one not in ("expect_series_balance", "expect_series_range_by_state")]
    needed = {"expect_series_not_flat": {"max_flat_seconds": 60}, "expect_series_rate_of_change_between": {"max_value": 10}}
    suite = [expect(one.removeprefix("expect_"), id_=one, **needed.get(one, {})) for one in kinds]
    verdicts, _ = judge_once(long, *suite)
    assert {v.rule.type: v.outcome for v in verdicts.values()} == dict.fromkeys(kinds, Outcome.PASS)


def test_sensor_rules_warn_unless_the_suite_says_otherwise():
    rules = rules_of(telemetry_contract(), rule("no_gap"))
    assert rules[-1].severity is Severity.WARN


@pytest.mark.parametrize(
    ("type_", "kwargs", "argument"),
    [
        ("no_gap", {"max_gap_seconds": -1}, "max_gap_seconds"),
        ("no_gap", {"stop_states": ["idle"]}, "state_column"),
        ("not_flat", {}, "max_flat_seconds"),
        ("not_flat", {"max_flat_seconds": 5, "column": "unit"}, "column"),
        ("no_spike", {"max_readings": 9}, "max_readings"),
        ("rate_of_change_between", {}, "min_value"),
        ("range_by_state", {"ranges": {"run": [1]}, "state_column": "unit"}, "ranges"),
        ("no_clock_skew", {"reference_column": "value"}, "reference_column"),
        ("balance", {"input_columns": ["value"]}, "input_columns"),
        ("no_gap", {"series_regex": "(?=x)"}, "series_regex"),
        ("no_gap", {"time_column": "quality"}, "time_column"),
    ],
)
def test_an_argument_that_can_not_be_judged_is_named(type_, kwargs, argument):
    with pytest.raises(SuiteError) as refused:
        rules_of(telemetry_contract(), rule(type_, **kwargs))
    assert refused.value.code == "suite_kwarg"
    assert refused.value.facts["kwarg"] == argument


def test_a_gap_needs_to_know_how_often_a_series_reports():
    with pytest.raises(SuiteError, match="max_gap_seconds"):
        rules_of(telemetry_contract(period=None), rule("no_gap"))


def test_every_rule_of_the_catalogue_is_judged_and_every_argument_has_a_shape():
    ours = {name for name, one in expectations().items() if one.form is Form.SERIES}
    assert ours == set(SERIES_RULES)
    named = {argument for name in ours for argument in expectations()[name].required | expectations()[name].optional}
    assert named == set(argument_shapes())
    assert set(argument_shapes().values()) <= set(SERIES_SHAPES)


def test_the_state_holds_only_what_the_rules_look_at():
    line = BatchSequence((rule("no_gap"),))
    line.judge_next([reading(0), reading(10)])
    kept = json.loads(line.con.execute("SELECT readings FROM state").fetchall()[0][0])
    assert [set(one) for one in kept] == [{"us"}]
