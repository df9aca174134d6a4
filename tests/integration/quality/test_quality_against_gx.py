"""Our compiled expectations say what Great Expectations itself says, and what is not compiled is really judged by it."""

import json
from datetime import UTC, datetime
from importlib.util import find_spec

import duckdb
import pytest

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.quality.gx import judge_with_gx
from lakeward.quality.plan import compile_plan
from lakeward.quality.rule import Outcome
from lakeward.quality.suite import load_rules
from support.judging import PLACE, column, contract, expect, judge, rules_of

# To import it takes a worker three seconds: not before a test needs it.
pytestmark = [
    pytest.mark.skipif(find_spec("great_expectations") is None, reason="the extra gx is not installed"),
    pytest.mark.slow,
]

PROMISED = contract(
    column("a", Kind.DOUBLE),
    column("b", Kind.DOUBLE),
    column("n", Kind.INTEGER),
    column("s"),
    column("u"),
    column("ts", Kind.TIMESTAMP),
    format_=FileFormat.PARQUET,
)
STORED = {c.name: c.type for c in PROMISED.columns}
ROWS = [
    (1.0, 2.0, 1, "ab", "x", datetime(2026, 1, 1, tzinfo=UTC)),
    (2.5, 2.5, 2, "ab", "y", datetime(2026, 1, 2, tzinfo=UTC)),
    (-3.0, None, 3, "中文\n", None, datetime(2026, 1, 3, tzinfo=UTC)),
    (None, 1.0, 3, None, "y", None),
    (float("nan"), None, 5, "A-1", "x", datetime(2026, 1, 5, tzinfo=UTC)),
    (4.0, 0.5, -1, "", None, datetime(2026, 1, 6, tzinfo=UTC)),
]
CASES = [
    ("column_values_to_not_be_null", {"column": "a"}),
    ("column_values_to_not_be_null", {"column": "a", "mostly": 0.6}),
    ("column_values_to_be_null", {"column": "b"}),
    ("column_values_to_be_unique", {"column": "s"}),
    ("column_values_to_be_unique", {"column": "a"}),
    ("compound_columns_to_be_unique", {"column_list": ["s", "u"]}),
    ("compound_columns_to_be_unique", {"column_list": ["n", "u"]}),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"]}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": ["ab", "A-1"]}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [1, 2, 3]}),
    ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["ab"]}),
    ("column_values_to_be_between", {"column": "a", "min_value": 0, "max_value": 2.5}),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "strict_min": True}),
    ("column_values_to_be_between", {"column": "n", "max_value": 3, "strict_max": True, "mostly": 0.5}),
    ("column_values_to_match_regex", {"column": "s", "regex": r"^\w+$"}),
    ("column_values_to_match_regex", {"column": "s", "regex": "b"}),
    ("column_values_to_not_match_regex", {"column": "s", "regex": r"\d"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["^a", r"\d$"]}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["^A", r"\d$"], "match_on": "all"}),
    ("column_values_to_not_match_regex_list", {"column": "s", "regex_list": ["^a", r"\d$"]}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": 2}),
    ("column_value_lengths_to_equal", {"column": "s", "value": 2}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "or_equal": True}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}),
    ("multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 5}),
    ("multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 5, "ignore_row_if": "any_value_is_missing"}),
    ("column_mean_to_be_between", {"column": "a", "min_value": 1.1, "max_value": 1.2}),
    ("column_stdev_to_be_between", {"column": "a", "min_value": 2.9, "max_value": 3.1}),
    ("column_median_to_be_between", {"column": "a", "min_value": 1.75, "max_value": 1.75}),
    ("column_sum_to_be_between", {"column": "n", "min_value": 13, "max_value": 13}),
    ("column_min_to_be_between", {"column": "a", "min_value": -3, "strict_min": True}),
    ("column_max_to_be_between", {"column": "n", "max_value": 5}),
    ("column_unique_value_count_to_be_between", {"column": "s", "min_value": 4, "max_value": 4}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "s", "min_value": 0.8, "max_value": 0.8}),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "s", "min_value": 0.84}),
    ("table_row_count_to_be_between", {"min_value": 6, "max_value": 6}),
    ("table_row_count_to_equal", {"value": 7}),
]


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    file = tmp_path_factory.mktemp("gx") / "typed.parquet"
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE t (a DOUBLE, b DOUBLE, n BIGINT, s VARCHAR, u VARCHAR, ts TIMESTAMPTZ, _file_seq BIGINT, _row BIGINT)"
    )
    con.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, 1, ?)", [(*row, place) for place, row in enumerate(ROWS, 2)])
    con.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    return file


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{json.dumps(case[1])}")
def test_a_compiled_expectation_says_what_great_expectations_says(case, parquet):
    type_, kwargs = case
    rule = expect(type_, severity="quarantine", id_="mine", **kwargs)
    assert not compile_plan(PROMISED, rules_of(PROMISED, rule), STORED | PLACE).gx_rules
    ours, (theirs,) = judge(PROMISED, ROWS, rule, stored=STORED), judge_with_gx([rules_of(PROMISED, rule)[-1]], parquet)
    mine = ours.verdicts["mine"]
    assert mine.outcome is theirs.outcome
    if mine.failed is not None:
        assert (mine.evaluated, mine.failed) == (theirs.evaluated, theirs.failed)
        failing = {row for _, row in theirs.row_ids} if theirs.outcome is Outcome.FAIL else set()
        assert {row for row, reasons in ours.reasons().items() if "mine" in reasons} == failing


FOREIGN = (
    (Outcome.PASS, "column_kl_divergence_to_be_less_than", {"column": "n", "threshold": 9, "partition_object": {"bins": [-2, 2, 6], "weights": [0.5, 0.5]}}),
    (Outcome.FAIL, "column_values_to_match_regex", {"column": "s", "regex": "a(?=b)"}),
    (Outcome.FAIL, "column_values_to_be_between", {"column": "a", "min_value": 0, "row_condition": "n % 2 == 1", "condition_parser": "pandas"}),
    (Outcome.UNKNOWN, "column_values_to_be_dateutil_parseable", {"column": "a"}),
)  # fmt: skip


@pytest.mark.parametrize(("outcome", "type_", "kwargs"), FOREIGN, ids=lambda value: str(value)[:40])
def test_what_is_not_compiled_is_judged_by_great_expectations(outcome, type_, kwargs, parquet):
    plan = compile_plan(PROMISED, rules_of(PROMISED, expect(type_, **kwargs)), STORED | PLACE)
    assert [verdict.outcome for verdict in judge_with_gx(plan.gx_rules, parquet)] == [outcome]


def test_rows_that_only_great_expectations_can_tell_go_aside(parquet):
    plan = compile_plan(
        PROMISED, rules_of(PROMISED, expect("column_values_to_match_regex", column="s", regex="a(?=b)")), STORED | PLACE
    )
    (verdict,) = judge_with_gx(plan.gx_rules, parquet)
    assert (verdict.evaluated, verdict.failed) == (5, 3)
    con = duckdb.connect()
    con.execute(f"CREATE TABLE batch AS SELECT *, 'f' AS _file FROM '{parquet}'")
    con.execute("CREATE TABLE places (_file_seq BIGINT, _row BIGINT)")
    con.executemany("INSERT INTO places VALUES (?, ?)", verdict.row_ids)
    good, bad = plan.split("batch", {verdict.rule.id}, {verdict.rule.id: "places"})
    assert con.execute(f"SELECT list(_row ORDER BY _row) FROM ({bad})").fetchone()[0] == [4, 6, 7]
    assert con.execute(f"SELECT count(*) FROM ({good})").fetchone()[0] == 3


UNJUDGED = (
    ("expect_multicolumn_values_to_be_unique", {"column_list": ["s", "u"]}),
    (
        "expect_query_results_to_match_comparison",
        {"base_query": "a", "comparison_data_source_name": "b", "comparison_query": "c"},
    ),
    ("expect_table_row_count_to_equal_other_table", {"other_table_name": "other"}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1 FROM {batch}"}),
)


@pytest.mark.parametrize(("type_", "kwargs"), UNJUDGED, ids=lambda value: str(value)[:40])
def test_what_great_expectations_can_not_judge_on_rows_in_memory_is_unknown(type_, kwargs, parquet):
    plan = compile_plan(PROMISED, rules_of(PROMISED, {"type": type_, "kwargs": kwargs}), STORED | PLACE)
    assert [verdict.outcome for verdict in judge_with_gx(plan.gx_rules, parquet)] == [Outcome.UNKNOWN]


@pytest.mark.filterwarnings("ignore:.*row_condition parameter:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The condition_parser parameter:DeprecationWarning")
def test_a_suite_that_great_expectations_wrote_is_read():
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    gx.get_context(mode="ephemeral")
    suite = gx.ExpectationSuite("x", notes="of ours")
    either = (Column("n") == 1) | (Column("u").is_null() & Column("s").is_in(["ab"]))
    suite.add_expectation(
        gxe.ExpectColumnValuesToBeBetween(
            column="a", min_value=0, row_condition=either, severity="info", notes="n", description="d", meta={"k": 1}
        )
    )
    suite.add_expectation(
        gxe.ExpectColumnValuesToNotBeNull(column="b", mostly=0.5, row_condition="n > 1", condition_parser="pandas")
    )
    suite.render()
    written = json.dumps(suite.to_json_dict(), default=str)
    rules = load_rules(PROMISED, written, "suite.json")[-2:]
    assert [rule.severity for rule in rules] == ["warn", "quarantine"]
    assert not compile_plan(PROMISED, rules, STORED | PLACE).gx_rules
