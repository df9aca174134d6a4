"""Suites in the forms of other releases, with parameters, and with bounds that Great Expectations allows or refuses."""

import json

import pytest

from lakeward.contracts.model import Kind
from lakeward.core.errors import SuiteError
from lakeward.quality.suite_document import read_document
from support.judging import column, contract, expect, rules_of

PROMISED = contract(column("ts", Kind.TIMESTAMP), column("value", Kind.DOUBLE), column("n", Kind.INTEGER), column("status"))
INF = float("inf")


def document(expectations, **keys):
    return read_document(json.dumps({"name": "s", "expectations": expectations} | keys), "suite.json")


def between(**bounds):
    return {"type": "expect_column_values_to_be_between", "kwargs": {"column": "value"} | bounds}


def parameter(written, **known):
    (entry,) = document([between(min_value={"$PARAMETER": written})], suite_parameters=known).entries
    return entry["kwargs"]["min_value"]


def refusal(*expectations, **keys):
    with pytest.raises(SuiteError) as caught:
        document(list(expectations), **keys)
    return caught.value


def test_a_suite_of_before_1_is_converted_and_says_so():
    old = {
        "expectation_suite_name": "s",
        "ge_cloud_id": None,
        "evaluation_parameters": {"lo": 3},
        "expectations": [
            {
                "expectation_type": "expect_column_values_to_be_between",
                "kwargs": {"column": "value", "min_value": {"$PARAMETER": "lo"}},
            }
        ],
    }
    found = read_document(json.dumps(old), "suite.json")
    assert found.is_converted
    assert found.content["name"] == "s"
    assert found.entries == ({"type": "expect_column_values_to_be_between", "kwargs": {"column": "value", "min_value": 3}},)
    assert not document([between(min_value=1)]).is_converted


@pytest.mark.parametrize(
    ("written", "known", "expected"),
    [
        ("lo", {"lo": 3}, 3),
        ("lo", {"lo": "2026-03-01"}, "2026-03-01"),
        ("n * 0.9", {"n": 100}, 90.0),
        ("-(n + 2) / 4", {"n": 2}, -1.0),
        ("trunc(n * 0.3)", {"n": 9}, 2),
        ("round(abs(n))", {"n": -2.6}, 3),
        ("a-b", {"a-b": 7}, 7),
    ],
)
def test_a_parameter_has_the_value_that_the_suite_gives_it(written, known, expected):
    assert parameter(written, **known) == expected


def test_the_value_that_an_old_suite_carries_beside_the_name_is_taken():
    (entry,) = document([between(min_value={"$PARAMETER": "lo", "$PARAMETER.lo": 4})]).entries
    assert entry["kwargs"]["min_value"] == 4


def test_parameters_are_found_however_deep_they_lie():
    kwargs = {"column": "value", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[{"$PARAMETER": "lo"}, 9]]}}
    (entry,) = document(
        [{"type": "expect_column_quantile_values_to_be_between", "kwargs": kwargs}], suite_parameters={"lo": 1}
    ).entries
    assert entry["kwargs"]["quantile_ranges"]["value_ranges"] == [[1, 9]]


def test_all_parameters_without_a_value_are_named_at_once():
    error = refusal(
        between(min_value={"$PARAMETER": "n * 0.9"}), between(min_value={"$PARAMETER": "lo"}, max_value={"$PARAMETER": "n"})
    )
    assert (error.code, error.facts["parameters"]) == ("suite_parameter_missing", "n, lo")
    assert '"suite_parameters": {"n": 10}' in str(error)


@pytest.mark.parametrize(
    "written", ["now()", "lo ** 9999", "__import__('os')", "lo if lo else 1", "1 /", "lo / 0", "text + 1", "a.b", 7]
)
def test_an_expression_that_is_no_arithmetic_is_refused_by_its_text(written):
    error = refusal(between(min_value={"$PARAMETER": written}), suite_parameters={"lo": 1, "text": "x", "a": 1})
    assert (error.code, error.facts["found"]) == ("suite_parameter_formula", str(written))


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("column_values_to_be_between", {"column": "value", "min_value": 5, "max_value": 1}),
        ("column_values_to_be_between", {"column": "ts", "min_value": "2026-03-02", "max_value": "2026-03-01T23:00:00"}),
        ("column_value_lengths_to_be_between", {"column": "status", "min_value": 5, "max_value": 1}),
        ("column_mean_to_be_between", {"column": "value", "min_value": 5, "max_value": 1}),
        ("table_row_count_to_be_between", {"min_value": 5, "max_value": 1}),
        ("table_column_count_to_be_between", {"min_value": 5, "max_value": 1}),
        ("column_quantile_values_to_be_between", {"column": "value", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[5, 1]]}}),
    ],
)  # fmt: skip
def test_a_lower_bound_above_the_upper_one_is_refused(type_, kwargs):
    with pytest.raises(SuiteError) as caught:
        rules_of(PROMISED, expect(type_, **kwargs))
    assert caught.value.code == "suite_bounds_reversed"


@pytest.mark.parametrize("bounds", [{}, {"min_value": None, "max_value": None}])
def test_a_number_of_the_batch_may_have_no_bound_and_values_may_not(bounds):
    assert rules_of(PROMISED, expect("column_mean_to_be_between", column="value", **bounds))
    assert rules_of(PROMISED, expect("table_row_count_to_be_between", **bounds))
    for type_ in ("column_values_to_be_between", "column_value_lengths_to_be_between"):
        with pytest.raises(SuiteError, match="min_value"):
            rules_of(PROMISED, expect(type_, column="status", **bounds))


@pytest.mark.parametrize("type_", ["column_value_lengths_to_be_between"])
def test_a_length_can_not_be_infinite(type_):
    with pytest.raises(SuiteError, match="finite"):
        rules_of(PROMISED, expect(type_, column="status", max_value=INF))


def test_a_bound_that_is_no_number_is_refused():
    with pytest.raises(SuiteError, match="NaN"):
        read_document('{"expectations": [{"type": "x", "kwargs": {"min_value": NaN}}]}', "suite.json")
