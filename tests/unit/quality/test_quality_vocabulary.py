"""Rules that look beyond their row: who fails is known row by row; and forms of text mean what Python means by them."""

import json
import math
from datetime import datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.contracts.model import Kind
from lakeward.quality.convert import convert_column
from lakeward.quality.rule import Outcome
from lakeward.quality.scope import Scope
from lakeward.quality.strptime import valid_time
from lakeward.quality.texts import TEXT_PREDICATES
from support.judging import column, contract, expect, judge

PROMISED = contract(column("v", Kind.DOUBLE), column("t", Kind.TIMESTAMP), column("s"), zone="UTC")
VALUES = ["1", "2", "2", "", "1", "100", "3"]
ROWS = [(value, f"2026-01-0{place}", "a") for place, value in enumerate(VALUES, 1)]


def failing(type_, **kwargs):
    result = judge(PROMISED, ROWS, expect(type_, id_="mine", severity="quarantine", **kwargs))
    return [row - 1 for row, reasons in sorted(result.reasons().items()) if "mine" in reasons]


@pytest.mark.parametrize(
    ("type_", "kwargs", "rows"),
    [
        ("column_values_to_be_increasing", {}, [5, 7]),
        ("column_values_to_be_increasing", {"strictly": True}, [3, 5, 7]),
        ("column_values_to_be_decreasing", {"strictly": True}, [2, 3, 6]),
        ("column_values_to_be_increasing", {"row_condition": "v != 1", "condition_parser": "pandas"}, [7]),
        ("column_value_z_scores_to_be_less_than", {"threshold": 2, "double_sided": True}, [6]),
        ("column_values_to_not_be_outliers", {}, [6]),
        ("column_values_to_not_be_outliers", {"method": "std", "multiplier": 2}, [6]),
    ],
)
def test_rows_that_fail_beside_others_are_known(type_, kwargs, rows):
    assert failing(type_, column="v", **kwargs) == rows


def test_an_infinite_value_does_not_stop_the_judge():
    promised = contract(column("v", Kind.DOUBLE))
    rules = [expect(f"column_{name}_to_be_between", column="v", min_value=0) for name in ("mean", "stdev", "sum", "median")]
    result = judge(promised, [(math.inf,), (1.0,)], *rules, stored={"v": promised.columns[0].type})
    assert result.verdicts["column_stdev_to_be_between:v"].outcome is Outcome.FAIL
    assert result.verdicts["column_sum_to_be_between:v"].outcome is Outcome.PASS


def test_a_large_sum_of_integers_does_not_stop_the_judge():
    promised = contract(column("a", Kind.INTEGER), column("b", Kind.INTEGER))
    rule = expect("multicolumn_sum_to_equal", id_="mine", column_list=["a", "b"], sum_total=5)
    assert judge(promised, [(str(2**63 - 1), str(2**63 - 1)), ("2", "3")], rule).verdicts["mine"].failed == 1


def test_the_most_common_value_alone_counts_each_row_once():
    rule = expect("column_most_common_value_to_be_in_set", id_="mine", column="v", value_set=[2])
    result = judge(PROMISED, ROWS, rule, expect("column_values_to_not_be_null", id_="filled", column="s"))
    assert (result.verdicts["mine"].elements, result.verdicts["mine"].value) == (7, [1.0, 2.0])
    assert result.verdicts["mine"].outcome is Outcome.FAIL
    assert result.facts["rows"] == 7


def test_examples_of_times_are_times():
    rule = expect("column_distinct_values_to_be_in_set", id_="mine", column="t", value_set=["2026-01-01"])
    value = judge(PROMISED, ROWS[:2], rule).verdicts["mine"].value
    assert value["unexpected_count"] == 1
    assert [moment.isoformat() for moment in value["partial_unexpected_list"]] == ["2026-01-02T00:00:00+00:00"]


def test_a_column_that_is_not_there_fails_the_rule_that_asks_for_it():
    verdict = judge(PROMISED, ROWS, expect("column_to_exist", id_="mine", column="w")).verdicts["mine"]
    assert verdict.outcome is Outcome.FAIL


FORMS = ["%Y-%m-%d", "%d/%m/%y %H:%M", "%H:%M:%S.%f", "%I %p", "%Y%m%d", "%m%d", "%Y-%m-%dT%H:%M:%S%z", "%j", "100%% %Y", "%y.%m"]
PIECES = [
    "2026",
    "2024",
    "0000",
    "02",
    "29",
    "30",
    "3",
    "12",
    "00",
    "60",
    "61",
    "-",
    "/",
    ":",
    " ",
    "  ",
    ".",
    "T",
    "Z",
    "+08:00",
    "pm",
    "Am",
    "100%",
    "\n",
    "365",
    "x",
]


def python_reads(text, form):
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 (what is asked is whether it reads at all)
    except ValueError:
        return False
    return True


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), min_size=20, max_size=60), st.sampled_from(FORMS))
def test_a_form_of_time_reads_what_python_reads(texts, form):
    known = [*texts, "2024-02-29", "2026-02-29", "31/04/26 23:59", "29/2/24 1:2", "0101", "230", "12 PM", "2026-01-01T00:00:00Z"]
    found = duckdb.execute(f"SELECT {valid_time('t', form)} FROM (SELECT unnest(?) AS t)", [known]).fetchall()
    assert [row[0] for row in found] == [python_reads(text, form) for text in known]


@pytest.mark.parametrize("form", ["%A", "%b %d", "%U", "%Z", "%d %d", "%", "%Q"])
def test_a_form_with_names_is_left_to_great_expectations(form):
    assert valid_time("t", form) is None


def json_reads(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


JSON = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"a"',
    '"]"',
    '"\\"',
    "1",
    "-",
    "0",
    ".5",
    "e9",
    "true",
    "null",
    "NaN",
    "Infinity",
    "inf",
    "nan",
    " ",
    "\n",
    '"',
    "\\u12",
    "é",
]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.sampled_from(JSON), max_size=7).map("".join), min_size=40, max_size=80))
def test_json_is_what_python_takes_for_json(texts):
    known = [
        *texts,
        "[1,]",
        '{"a":1,}',
        '{"a": NaN}',
        "-Infinity",
        "-inf",
        "-NaN",
        "[-NaN]",
        '[",]"]',
        '"é"',
        "",
        " 1 ",
        "01",
        "1 2",
        '{"a":{"b":[]}}',
    ]
    promised = contract(column("s"))
    scope = Scope({"s": convert_column(promised, 0, promised.columns[0].type)}, None)
    fails = TEXT_PREDICATES["expect_column_values_to_be_json_parseable"]({"column": "s"}, scope).fails
    found = duckdb.execute(f"SELECT {fails} FROM (SELECT s AS _v0 FROM (SELECT unnest(?) AS s))", [known]).fetchall()
    assert [not row[0] for row in found] == [json_reads(text) for text in known]
