import json

import pytest

from lakeward.contracts.model import Kind
from lakeward.core.errors import SuiteError
from lakeward.core.messages import Lang, pack_facts
from lakeward.quality.rule import Dimension, Severity
from lakeward.quality.suite import load_rules
from support.judging import column, contract, expect, rules_of, suite

PROMISED = contract(column("ts", Kind.TIMESTAMP, required=True), column("value", Kind.DOUBLE), column("status"), key=("ts",))


def refusal_of(*expectations):
    with pytest.raises(SuiteError) as caught:
        rules_of(PROMISED, *expectations)
    return str(caught.value)


def test_rules_of_the_contract_come_first():
    ids = [rule.id for rule in load_rules(PROMISED, None, "suite.json")]
    assert ids == ["type:ts", "type:value", "type:status", "required:ts", "key:ts"]


def test_a_rule_is_named_after_its_type_and_columns():
    rule = rules_of(PROMISED, expect("column_values_to_be_between", column="value", min_value=0))[-1]
    assert (rule.id, rule.severity, rule.dimension) == (
        "column_values_to_be_between:value",
        Severity.QUARANTINE,
        Dimension.ACCURACY,
    )


def test_an_aggregate_warns_unless_it_is_told_otherwise():
    assert rules_of(PROMISED, expect("column_mean_to_be_between", column="value", min_value=0))[-1].severity is Severity.WARN


@pytest.mark.parametrize(("gx", "ours"), [("critical", "quarantine"), ("warning", "warn"), ("info", "warn")])
def test_severities_of_great_expectations_are_understood(gx, ours):
    entry = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "value"}, "severity": gx}
    assert rules_of(PROMISED, entry)[-1].severity == ours


def test_a_version_changes_with_what_the_rule_means_and_with_nothing_else():
    first = rules_of(PROMISED, expect("column_values_to_be_between", column="value", min_value=0, max_value=1))[-1]
    same = rules_of(PROMISED, expect("column_values_to_be_between", max_value=1, min_value=0, column="value", id_="mine"))[-1]
    other = rules_of(PROMISED, expect("column_values_to_be_between", column="value", min_value=0, max_value=2))[-1]
    assert first.version == same.version != other.version


def test_an_unknown_column_is_named_with_a_close_one():
    message = refusal_of(expect("column_values_to_not_be_null", column="statsu"))
    assert "expectations[0]" in message
    assert "statsu" in message
    assert "status" in message


def test_an_unknown_type_is_named_with_a_close_one():
    assert "expect_column_values_to_not_be_null" in refusal_of(expect("column_values_to_be_not_null", column="value"))


def test_broken_json_is_shown_by_line_and_column():
    with pytest.raises(SuiteError, match="line 2, column"):
        load_rules(PROMISED, '{"expectations": [\n  {,}]}', "suite.json")


@pytest.mark.parametrize(
    ("type_", "kwargs", "named"),
    [
        ("column_values_to_be_between", {"column": "value", "minimum": 0}, "min_value"),
        ("column_values_to_be_between", {"column": "value"}, "min_value"),
        ("column_values_to_be_between", {"column": "value", "min_value": "0"}, "number"),
        ("column_values_to_be_between", {"column": "ts", "min_value": "yesterday"}, "ISO 8601"),
        ("column_values_to_be_in_set", {"column": "value", "value_set": "a"}, "value_set"),
        ("column_values_to_be_in_set", {"column": "status", "value_set": [1]}, "text"),
        ("column_values_to_be_in_set", {"column": "status"}, "value_set"),
        ("column_values_to_match_regex", {"column": "status", "regex": "("}, "regex"),
        ("column_values_to_not_be_null", {"column": "status", "mostly": 1.1}, "mostly"),
        ("column_values_to_not_be_null", {"column": ["status"]}, "column"),
    ],
)
def test_arguments_that_can_not_be_meant_are_refused(type_, kwargs, named):
    assert named in refusal_of(expect(type_, **kwargs))


def test_halt_is_a_severity_that_no_suite_of_another_tool_can_mean_by_chance():
    assert (
        rules_of(PROMISED, expect("column_values_to_not_be_null", column="value", severity="halt"))[-1].severity is Severity.HALT
    )


def test_two_rules_of_one_id_are_refused():
    rule = expect("column_values_to_not_be_null", column="value")
    assert "column_values_to_not_be_null:value" in refusal_of(rule, rule)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"expectations": [1]}', '{"expectations": [{"type": "x"}]}', '{"expectations": [NaN]}']
)
def test_what_is_no_suite_is_refused(text):
    with pytest.raises(SuiteError):
        load_rules(PROMISED, text, "suite.json")


def test_messages_speak_chinese_and_hold_no_values():
    with pytest.raises(SuiteError) as caught:
        load_rules(PROMISED, suite(expect("column_values_to_be_in_set", column="value", value_set=["secret"])), "suite.json")
    assert "列 value" in caught.value.render(Lang.ZH)
    assert "应为：数字" in caught.value.render(Lang.ZH)
    assert "secret" not in caught.value.render(Lang.ZH) + json.dumps(pack_facts(caught.value.facts))
