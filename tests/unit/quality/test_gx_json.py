"""Verdicts in the JSON of Great Expectations: its figures and its words, and no value that may not be told."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from lakeward.quality.gx_json import validation_result
from lakeward.quality.rule import Dimension, Outcome, Rule, Severity, Verdict

BETWEEN = "expect_column_values_to_be_between"
LARGEST = "expect_column_max_to_be_between"


def rule(type_: str = BETWEEN, severity: Severity = Severity.QUARANTINE, **kwargs: Any) -> Rule:
    return Rule(
        id="mine",
        version="v",
        type=type_,
        kwargs={"column": "a", **kwargs},
        severity=severity,
        dimension=Dimension.ACCURACY,
        columns=("a",),
    )


def suite_result(verdict: Verdict, *, values: bool = True, **entry: Any) -> dict[str, Any]:
    """The suite's result of one verdict."""
    written = {"type": verdict.rule.type, "kwargs": dict(verdict.rule.kwargs), **entry}
    return validation_result({"name": "s"}, [written], [verdict], show_values=values)


def only(verdict: Verdict, *, values: bool = True, **entry: Any) -> dict[str, Any]:
    (result,) = suite_result(verdict, values=values, **entry)["results"]
    return dict(result)


def test_percentages_are_of_the_rows_that_each_is_named_after() -> None:
    found = only(Verdict(rule(), Outcome.FAIL, evaluated=80, failed=20, elements=100))["result"]

    assert (found["unexpected_percent"], found["unexpected_percent_nonmissing"], found["unexpected_percent_total"]) == (
        25,
        25,
        20,
    )
    assert (found["missing_count"], found["missing_percent"], found["partial_unexpected_list"]) == (20, 20, [])


@pytest.mark.parametrize("type_", ["expect_column_values_to_be_null", "expect_column_values_to_not_be_null"])
def test_a_rule_about_missing_values_counts_none_as_missing(type_: str) -> None:
    found = only(Verdict(rule(type_), Outcome.FAIL, evaluated=4, failed=1, elements=4))["result"]

    assert found == {"element_count": 4, "unexpected_count": 1, "unexpected_percent": 25, "partial_unexpected_list": []}


def test_a_share_of_nothing_is_none() -> None:
    nothing = Verdict(rule(), Outcome.UNKNOWN, evaluated=0, failed=0, elements=0, reason="nothing to evaluate")

    assert only(nothing)["success"]
    assert only(nothing)["result"]["unexpected_percent"] is None
    assert only(nothing)["meta"]["lakeward"]["outcome"] == "UNKNOWN"


def test_a_rule_that_nobody_judged_raised() -> None:
    result = only(Verdict(rule(), Outcome.UNKNOWN, reason="needs Great Expectations"))

    assert (result["success"], result["result"]) == (False, {})
    assert result["exception_info"]["exception_message"] == "needs Great Expectations"


@pytest.mark.parametrize(
    ("severity", "written", "shown"),
    [
        (Severity.QUARANTINE, "info", "info"),
        (Severity.WARN, "warn", "warning"),
        (Severity.HALT, "halt", "critical"),
        (Severity.WARN, None, "critical"),
    ],
)
def test_a_severity_is_one_that_great_expectations_knows(severity: Severity, written: str | None, shown: str) -> None:
    verdict = Verdict(rule(severity=severity), Outcome.PASS, evaluated=1, failed=0, elements=1)

    assert only(verdict, severity=written)["expectation_config"]["severity"] == shown


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("1.5"), 1.5),
        (dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "2026-03-01T00:00:00+00:00"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (float("nan"), "NaN"),
        ({"values": [Decimal(2)]}, {"values": [2]}),
        (b"x", "b'x'"),
    ],
)
def test_a_value_of_any_type_becomes_json(value: object, plain: object) -> None:
    found = only(Verdict(rule(LARGEST), Outcome.PASS, evaluated=1, value=value))["result"]

    assert found == {"observed_value": plain}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_value_of_a_row_is_told_only_where_it_may_be() -> None:
    largest = Verdict(rule(LARGEST), Outcome.FAIL, evaluated=9, value=42)
    mean = Verdict(rule("expect_column_mean_to_be_between"), Outcome.FAIL, evaluated=9, observed="4.5", value=4.5)

    assert [only(one, values=False)["result"]["observed_value"] for one in (largest, mean)] == [None, 4.5]


def test_a_suite_succeeds_when_every_rule_does() -> None:
    good = Verdict(rule(), Outcome.PASS, evaluated=1, failed=0, elements=1)
    bad = Verdict(rule(), Outcome.FAIL, evaluated=1, failed=1, elements=1)
    entry = {"type": BETWEEN, "kwargs": {}}

    result = validation_result({"name": "s"}, [entry, entry], [good, bad], show_values=True)

    assert not result["success"]
    assert result["statistics"] == {
        "evaluated_expectations": 2,
        "successful_expectations": 1,
        "unsuccessful_expectations": 1,
        "success_percent": 50,
    }
    assert validation_result({}, [], [], show_values=True)["statistics"]["success_percent"] is None
