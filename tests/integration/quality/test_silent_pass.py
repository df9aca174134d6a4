"""The silent-pass guard: known rows are corrupted, and rules dropped, weakened or misnamed; each must be noticed.

Noticed is: a verdict that fails (and the row is set aside), a rule of another version, a rule that is gone, or a refused suite.
"""

import copy
import json

import pytest

from lakeward.contracts.model import Kind
from lakeward.core.errors import SuiteError
from lakeward.quality.rule import Outcome, Severity
from lakeward.quality.suite import load_rules
from support.judging import column, contract, expect, judge, suite

PROMISED = contract(
    column("id", Kind.INTEGER, required=True),
    column("low", Kind.DOUBLE),
    column("high", Kind.DOUBLE),
    column("state"),
    column("code"),
    column("at", Kind.TIMESTAMP),
    column("extra"),
    key=("id",),
    zone="UTC",
)
STATES = ["run", "idle", "stop"]
CLEAN = [(str(n), str(n), str(n + 10), STATES[n % 3], f"C-{n:03}", f"2026-01-01T00:00:{n:02}", '{"n": 1}') for n in range(1, 31)]


def rule(id_, type_, **kwargs):
    return expect(type_, id_=id_, severity="quarantine", **kwargs)


RULES = [
    rule("filled", "column_values_to_not_be_null", column="code"),
    rule("range", "column_values_to_be_between", column="low", min_value=0, max_value=50),
    rule("known", "column_values_to_be_in_set", column="state", value_set=STATES),
    rule("banned", "column_values_to_not_be_in_set", column="state", value_set=["broken"]),
    rule("form", "column_values_to_match_regex", column="code", regex=r"^C-\d{3}$"),
    rule("prefix", "column_values_to_match_like_pattern", column="code", like_pattern="C-%"),
    rule("length", "column_value_lengths_to_equal", column="code", value=5),
    rule("unique", "column_values_to_be_unique", column="code"),
    rule("together", "compound_columns_to_be_unique", column_list=["low", "state"]),
    rule("order", "column_pair_values_a_to_be_greater_than_b", column_A="high", column_B="low"),
    rule("sum", "multicolumn_sum_to_equal", column_list=["high", "low"], sum_total=12, row_condition="id == 1", condition_parser="pandas"),
    rule("apart", "select_column_values_to_be_unique_within_record", column_list=["low", "high"]),
    rule("pairs", "column_pair_values_to_be_in_set", column_A="id", column_B="state", value_pairs_set=[[3, "run"]], row_condition="id == 3", condition_parser="pandas"),
    rule("rising", "column_values_to_be_increasing", column="at", strictly=True),
    rule("near", "column_value_z_scores_to_be_less_than", column="low", threshold=4, double_sided=True),
    rule("inlier", "column_values_to_not_be_outliers", column="high", multiplier=2),
    rule("json", "column_values_to_be_json_parseable", column="extra"),
    rule("mean", "column_mean_to_be_between", column="low", min_value=15, max_value=16),
    rule("spread", "column_stdev_to_be_between", column="low", min_value=8, max_value=9),
    rule("least", "column_min_to_be_between", column="at", min_value="2026-01-01T00:00:01Z"),
    rule("values", "column_distinct_values_to_equal_set", column="state", value_set=STATES),
    rule("quantile", "column_quantile_values_to_be_between", column="low", quantile_ranges={"quantiles": [1.0], "value_ranges": [[30, 30]]}),
    rule("rows", "table_row_count_to_equal", value=30),
]  # fmt: skip
# A corruption of one cell of one clean row, and the rule that must see it; `aside`: the row must not reach silver.
CORRUPTIONS = [
    ("type:low", 4, "low", "4,0", True),
    ("required:id", 4, "id", "", True),
    ("key:id", 4, "id", "", True),
    ("type:at", 4, "at", "2026-13-01", True),
    ("filled", 4, "code", "", True),
    ("range", 4, "low", "50.001", True),
    ("known", 4, "state", "Run", True),
    ("banned", 4, "state", "broken", True),
    ("form", 4, "code", "C-00４x", True),
    ("prefix", 4, "code", "c-005", True),
    ("length", 4, "code", "C-0050", True),
    ("unique", 4, "code", "C-001", True),
    ("together", 3, "low", "1", True),
    ("order", 4, "low", "15", True),
    ("sum", 0, "high", "10.999999", True),
    ("apart", 4, "low", "15", True),
    ("pairs", 2, "state", "idle", True),
    ("rising", 4, "at", "2026-01-01T00:00:04", True),
    ("near", 4, "low", "-500", True),
    ("inlier", 4, "high", "1000", True),
    ("json", 4, "extra", '{"n": 1,}', True),
    ("mean", 4, "low", "50", False),
    ("spread", 4, "low", "100", False),
    ("least", 0, "at", "2025-12-31T23:59:59.999", False),
    ("values", 4, "state", "off", False),
    ("quantile", 29, "low", "40", False),
]
NAMES = [c.name for c in PROMISED.columns]


def test_the_clean_rows_pass_every_rule():
    result = judge(PROMISED, CLEAN, *RULES)
    assert {id_: v.outcome for id_, v in result.verdicts.items() if v.outcome is not Outcome.PASS} == {}
    assert len(result.good) == len(CLEAN)


@pytest.mark.sampled(9)
@pytest.mark.parametrize(("id_", "row", "name", "value", "aside"), CORRUPTIONS, ids=[c[0] for c in CORRUPTIONS])
def test_a_corrupted_cell_is_noticed(id_, row, name, value, aside):
    rows = [list(cells) for cells in CLEAN]
    rows[row][NAMES.index(name)] = value
    result = judge(PROMISED, rows, *RULES)
    assert result.verdicts[id_].outcome is Outcome.FAIL
    assert not aside or id_ in result.reasons()[row + 2]


def test_every_rule_has_a_corruption_that_it_alone_would_miss_if_it_slept():
    assert {r["meta"]["lakeward"]["id"] for r in RULES} - {c[0] for c in CORRUPTIONS} == {"rows"}
    assert judge(PROMISED, CLEAN[1:], *RULES).verdicts["rows"].outcome is Outcome.FAIL


def versions(entries):
    return {r.id: (r.version, r.severity) for r in load_rules(PROMISED, suite(*entries), "suite.json")}


def is_noticed(entries):
    """Whether a suite with `entries` is refused, or has other rules."""
    try:
        return versions(entries) != versions(RULES)
    except SuiteError:
        return True


@pytest.mark.sampled(8)
@pytest.mark.parametrize("place", range(len(RULES)), ids=[r["meta"]["lakeward"]["id"] for r in RULES])
def test_a_dropped_rule_is_gone_from_the_verdicts(place):
    left = RULES[:place] + RULES[place + 1 :]
    assert is_noticed(left)
    asked = {r["meta"]["lakeward"]["id"] for r in RULES} - set(judge(PROMISED, CLEAN, *left).verdicts)
    assert asked == {RULES[place]["meta"]["lakeward"]["id"]}


def other(value):
    """Values that are not `value`, near it."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, value * 1.0001 + 0.0001]
    if isinstance(value, str):
        return [value + "x", value[:-1], value.upper() if value.upper() != value else value.lower()]
    if isinstance(value, dict):
        return [{**value, key: changed} for key, item in value.items() for changed in other(item)]
    return [value[:-1], [*value, "more"], value[::-1]] if len(value) > 1 else [[], [*value, *value]]


def changes(entry):
    for key, value in entry["kwargs"].items():
        for changed in other(value):
            yield f"{key} changed", {**entry, "kwargs": {**entry["kwargs"], key: changed}}
        yield f"{key} dropped", {**entry, "kwargs": {k: v for k, v in entry["kwargs"].items() if k != key}}
        yield f"{key} misnamed", {**entry, "kwargs": {k + "s" if k == key else k: v for k, v in entry["kwargs"].items()}}
    yield "mostly", {**entry, "kwargs": {**entry["kwargs"], "mostly": 0.99}}
    yield "condition", {**entry, "kwargs": {**entry["kwargs"], "row_condition": "id > 0", "condition_parser": "pandas"}}
    yield "type misnamed", {**entry, "type": entry["type"][:-1]}
    yield "gentler", {**entry, "meta": {"lakeward": {**entry["meta"]["lakeward"], "severity": "warn"}}}
    yield "another id", {**entry, "meta": {"lakeward": {**entry["meta"]["lakeward"], "id": "other"}}}
    yield "other dimension", {**entry, "meta": {"lakeward": {**entry["meta"]["lakeward"], "dimension": "accessibility"}}}


@pytest.mark.parametrize("place", range(len(RULES)), ids=[r["meta"]["lakeward"]["id"] for r in RULES])
def test_a_changed_rule_is_another_rule_or_refused(place):
    silent = [what for what, changed in changes(RULES[place]) if not is_noticed([*RULES[:place], changed, *RULES[place + 1 :]])]
    assert silent == []


@pytest.mark.parametrize("key", ["type", "kwargs"])
def test_a_rule_without_a_part_is_refused(key):
    broken = copy.deepcopy(RULES[0])
    del broken[key]
    with pytest.raises(SuiteError):
        versions([broken])


def test_one_rule_under_the_name_of_another_is_refused():
    with pytest.raises(SuiteError):
        versions([*RULES, RULES[0]])


def test_a_suite_under_another_key_is_refused():
    with pytest.raises(SuiteError):
        load_rules(PROMISED, json.dumps({"expectation": RULES}), "suite.json")


def test_rules_over_nothing_do_not_pass():
    outcomes = {id_: v.outcome for id_, v in judge(PROMISED, [], *RULES).verdicts.items()}
    assert {id_ for id_, outcome in outcomes.items() if outcome is Outcome.PASS} == set()
    assert outcomes["rows"] is Outcome.FAIL


def test_what_nobody_judged_does_not_pass():
    ahead = rule("ahead", "column_values_to_match_regex", column="code", regex="C(?=-)")
    assert judge(PROMISED, CLEAN, ahead).verdicts["ahead"].outcome is Outcome.UNKNOWN


def test_every_failing_row_of_a_rule_that_only_warns_is_still_counted():
    gentle = {**RULES[1], "meta": {"lakeward": {"id": "range", "severity": Severity.WARN}}}
    rows = [*CLEAN[:-1], ("30", "99", "100", "run", "C-030", "2026-01-01T00:00:30", "{}")]
    verdict = judge(PROMISED, rows, gentle).verdicts["range"]
    assert (verdict.outcome, verdict.failed) == (Outcome.FAIL, 1)
