import pytest

from lakeward.contracts.model import Kind
from lakeward.quality.rule import Outcome
from support.judging import column, contract, expect, judge

PROMISED = contract(column("id", Kind.INTEGER, required=True), column("value", Kind.DOUBLE), column("s"), key=("id",))
POSITIVE = expect("column_values_to_be_between", column="value", min_value=0)


def test_a_row_goes_aside_with_every_reason():
    result = judge(PROMISED, [("1", "5", "a"), ("x", "-1", "b"), ("", "7", "c")], POSITIVE)
    assert result.reasons() == {
        3: {"type:id", "column_values_to_be_between:value"},
        4: {"required:id", "key:id"},
    }
    assert [row["id"] for row in result.good] == [1]
    assert result.facts["rows"] == 3


def test_a_bad_row_is_kept_as_it_came():
    bad = judge(PROMISED, [("x", " 5", "")]).bad[0]
    assert (bad["id"], bad["value"], bad["s"], bad["_file"]) == ("x", " 5", "", "f")


def test_a_warning_sends_no_row_aside_and_is_no_reason():
    warn = expect("column_values_to_be_between", column="value", min_value=0, severity="warn")
    result = judge(PROMISED, [("1", "-1", "a"), ("x", "-1", "a")], warn)
    assert result.reasons() == {3: {"type:id"}}
    assert result.verdicts["column_values_to_be_between:value"].failed == 2


def test_no_failing_rule_means_no_second_query():
    assert judge(PROMISED, [("1", "5", "a")], POSITIVE).bad == []


def test_rows_of_a_rule_whose_mostly_is_met_stay():
    mostly = expect("column_values_to_be_between", column="value", min_value=0, mostly=0.5)
    result = judge(PROMISED, [("1", "5", "a"), ("2", "-1", "a")], mostly)
    assert result.verdicts["column_values_to_be_between:value"].outcome is Outcome.PASS
    assert result.verdicts["column_values_to_be_between:value"].failed == 1
    assert len(result.good) == 2


def test_rows_of_a_rule_whose_mostly_is_missed_go():
    mostly = expect("column_values_to_be_between", column="value", min_value=0, mostly=0.6)
    assert len(judge(PROMISED, [("1", "5", "a"), ("2", "-1", "a")], mostly).bad) == 1


def test_nothing_to_evaluate_is_unknown():
    mean = expect("column_mean_to_be_between", column="value", min_value=0)
    result = judge(PROMISED, [("1", "", "a")], POSITIVE, mean)
    assert result.verdicts["column_values_to_be_between:value"].outcome is Outcome.UNKNOWN
    assert result.verdicts["column_mean_to_be_between:value"].outcome is Outcome.UNKNOWN


def test_an_empty_batch_is_unknown_but_for_its_row_count():
    result = judge(PROMISED, [], POSITIVE, expect("table_row_count_to_be_between", min_value=1))
    assert result.verdicts["table_row_count_to_be_between:"].outcome is Outcome.FAIL
    assert {v.outcome for id_, v in result.verdicts.items() if not id_.startswith("table")} == {Outcome.UNKNOWN}


def test_every_row_of_a_repeated_value_goes_aside():
    unique = expect("column_values_to_be_unique", column="s")
    result = judge(PROMISED, [("1", "1", "a"), ("2", "1", "b"), ("3", "1", "a"), ("4", "1", "")], unique)
    verdict = result.verdicts["column_values_to_be_unique:s"]
    assert (verdict.evaluated, verdict.failed) == (3, 2)
    assert set(result.reasons()) == {2, 4}


def test_a_repeated_compound_key_counts_nulls_as_values():
    unique = expect("compound_columns_to_be_unique", column_list=["value", "s"])
    result = judge(PROMISED, [("1", "1", ""), ("2", "1", ""), ("3", "", ""), ("4", "", "")], unique)
    verdict = result.verdicts["compound_columns_to_be_unique:value,s"]
    assert (verdict.evaluated, verdict.failed) == (2, 2)
    assert set(result.reasons()) == {2, 3}


def test_a_repeated_key_is_a_duplicate_and_no_reason():
    result = judge(PROMISED, [("1", "1", "a"), ("1", "2", "b")])
    assert result.facts["key_repeats"] == 1
    assert result.bad == []


def test_what_has_no_form_in_sql_is_unknown_until_it_is_judged():
    ahead = expect("column_values_to_match_regex", column="s", regex="a(?=b)")
    assert judge(PROMISED, [("1", "1", "ab")], ahead).verdicts["column_values_to_match_regex:s"].outcome is Outcome.UNKNOWN


def test_bounds_of_time_are_read_in_the_contracts_zone():
    promised = contract(column("ts", Kind.TIMESTAMP), zone="Asia/Shanghai", time="ts")
    rule = expect("column_values_to_be_between", column="ts", min_value="2026-01-01T08:00:00", max_value="2026-01-01T01:00:00Z")
    result = judge(promised, [("2026-01-01T07:59:59",), ("2026-01-01T08:00:00",), ("2026-01-01T09:00:01",)], rule)
    assert set(result.reasons()) == {2, 4}
    assert result.facts["time_min"] == "2025-12-31 23:59:59+00"


def test_a_quote_in_a_name_or_value_is_only_a_quote():
    promised = contract(column('a"b'), column("c"))
    rule = expect("column_values_to_be_in_set", column='a"b', value_set=["it's", '"'])
    assert judge(promised, [("it's", ""), ('"', ""), ("x", "")], rule).reasons() == {4: {'column_values_to_be_in_set:a"b'}}


@pytest.mark.parametrize(
    ("names", "outcome"),
    [(["id", "value", "s"], Outcome.PASS), (["id", "s"], Outcome.FAIL), (["s", "value", "id"], Outcome.PASS)],
)
def test_columns_are_judged_as_a_set(names, outcome):
    rule = expect("table_columns_to_match_set", column_set=names)
    assert judge(PROMISED, [], rule).verdicts["table_columns_to_match_set:"].outcome is outcome


@pytest.mark.parametrize(("number", "observed"), [("min", None), ("max", None), ("median", None), ("mean", "5.0")])
def test_a_verdict_does_not_hold_the_value_of_a_row(number, observed):
    rule = expect(f"column_{number}_to_be_between", column="value", max_value=1)
    verdict = judge(PROMISED, [("1", "5", "a")], rule).verdicts[f"column_{number}_to_be_between:value"]
    assert (verdict.outcome, verdict.observed) == (Outcome.FAIL, observed)
