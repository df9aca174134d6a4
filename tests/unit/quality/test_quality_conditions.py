"""Conditions on rows: read from every form, refused where their meaning is not certain, and the rows they leave out are left alone."""

import pytest

from lakeward.contracts.model import Kind
from lakeward.core.errors import SuiteError
from lakeward.quality.conditions import columns, parse
from lakeward.quality.plan import compile_plan
from lakeward.quality.rule import Outcome
from support.judging import column, contract, expect, judge, rules_of

PROMISED = contract(column("n", Kind.INTEGER), column("v", Kind.DOUBLE), column("s"), column("line A"))
ROWS = [("1", "5", "a", "x"), ("2", "-1", "b", "x"), ("3", "-1", "", "y"), ("4", "-2", "a", "")]
TYPES = {c.name: c.type for c in PROMISED.columns}


def positive(condition, parser=None):
    return expect(
        "column_values_to_be_between", id_="mine", column="v", min_value=0, row_condition=condition, condition_parser=parser
    )


def failing(condition, parser=None):
    result = judge(PROMISED, ROWS, positive(condition, parser))
    return [row - 1 for row, reasons in sorted(result.reasons().items()) if "mine" in reasons]


@pytest.mark.parametrize(
    ("condition", "parser", "rows"),
    [
        ("n > 2", "pandas", [3, 4]),
        ("2 < n", "pandas", [3, 4]),
        ("1 < n <= 3", "pandas", [2, 3]),
        ("s != 'a'", "pandas", [2, 3]),
        ("not (s == 'a')", "pandas", [2, 3]),
        ("~(s == 'a') & n > 2", "pandas", [3]),
        ("`line A` == 'x' | s.isnull()", "pandas", [2, 3]),
        ("s in ['a', 'b'] and `line A`.notna()", "pandas", [2]),
        ("s != 'a'", "spark", [2]),
        ("NOT (s = 'a')", "spark", [2]),
        ("s IS NULL OR n BETWEEN 2 AND 2", "spark", [2, 3]),
        ("s IS NOT NULL AND n NOT IN (2)", "spark", [4]),
        ("`line A` = 'y'", "spark", [3]),
        ('col("n") >= 3', "great_expectations", [3, 4]),
        ('col("s").notNull()', "great_expectations__experimental__", [2, 4]),
        ({"type": "nullity", "column": {"name": "s"}, "is_null": True}, None, [3]),
        ({"type": "pass_through", "pass_through_filter": "n == 4"}, "pandas", [4]),
    ],
)
def test_only_rows_of_the_condition_fail(condition, parser, rows):
    assert failing(condition, parser) == rows


@pytest.mark.parametrize(
    ("condition", "parser"),
    [
        ("n % 2 == 0", "pandas"),
        ("n > @limit", "pandas"),
        ("s.str.len() > 1", "pandas"),
        ("n = 2", "pandas"),
        ("s == ['a']", "pandas"),
        ("__import__('os').system('true')", "pandas"),
        ("s LIKE 'a%'", "spark"),
        ("n + 1 > 2", "spark"),
        ("n IN (SELECT 1)", "spark"),
        ("drop table x", "spark"),
        ('col("n") > 1 and col("s") == "a"', "great_expectations"),
    ],
)
def test_what_is_not_certain_is_left_to_great_expectations(condition, parser):
    assert parse({"row_condition": condition, "condition_parser": parser}) is None
    assert len(compile_plan(PROMISED, rules_of(PROMISED, positive(condition, parser)), TYPES).gx_rules) == 1


@pytest.mark.parametrize(
    ("condition", "parser", "named"),
    [
        ("n > 2", None, "condition_parser"),
        ("n > 2", "perl", "condition_parser"),
        (5, "pandas", "row_condition"),
        ({"type": "comparison", "column": {"name": "n"}, "operator": "~", "parameter": 1}, None, "row_condition"),
        ({"type": "maybe"}, None, "row_condition"),
        ("m > 2", "pandas", "no column m"),
        ("n > 'a'", "pandas", "number"),
        ("n > s", "pandas", "two columns of one type"),
    ],
)
def test_a_condition_that_can_not_be_meant_is_refused(condition, parser, named):
    with pytest.raises(SuiteError, match=named):
        rules_of(PROMISED, positive(condition, parser))


def test_the_columns_of_a_condition_are_known():
    reading = parse({"row_condition": "n > 1 and (`line A`.isna() or not s == 'a')", "condition_parser": "pandas"})
    assert columns(reading.condition) == ("n", "line A", "s")


def test_a_repeated_value_outside_the_condition_stays():
    unique = expect("column_values_to_be_unique", id_="mine", column="s", row_condition="n < 4", condition_parser="pandas")
    rows = [("1", "1", "a", ""), ("2", "1", "a", ""), ("3", "1", "b", ""), ("4", "1", "a", "")]
    result = judge(PROMISED, rows, unique)
    assert (result.verdicts["mine"].evaluated, result.verdicts["mine"].failed, result.verdicts["mine"].elements) == (3, 2, 3)
    assert set(result.reasons()) == {2, 3}


def test_a_condition_that_no_row_meets_leaves_nothing_to_evaluate():
    verdict = judge(PROMISED, ROWS, positive("n > 9", "pandas")).verdicts["mine"]
    assert (verdict.outcome, verdict.elements, verdict.evaluated) == (Outcome.UNKNOWN, 0, 0)


def test_without_a_condition_the_query_has_no_case():
    plain = expect("column_mean_to_be_between", column="v", min_value=0)
    promised = contract(column("n", Kind.INTEGER))
    facts = compile_plan(
        promised, rules_of(promised, plain | {"kwargs": {"column": "n", "min_value": 0}}), {"n": promised.columns[0].type}
    )
    assert "CASE" not in facts.facts_select("batch").replace(facts.converted_relation("batch"), "")
