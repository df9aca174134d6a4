"""What may repair or select a row: one expression over its columns, and nothing that reaches further."""

import time

import duckdb
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ProtectionError
from lakeward.serving.expression import CHANGING as CHANGING_FUNCTIONS
from lakeward.serving.expression import checked_expression
from lakeward.serving.functions import allowed_functions

COLUMNS = {"temp": DataType(Kind.STRING), "note": DataType(Kind.STRING), "count": DataType(Kind.INTEGER)}


@pytest.mark.parametrize(
    "text",
    [
        "CAST(temp AS DOUBLE) / 10",
        "CASE WHEN note = 'F' THEN '1' ELSE temp END",
        "regexp_replace(temp, '[^0-9.]', '')",
        "temp -- a remark",
        "NULL",
        "note LIKE '%;%' AND \"count\" > 3",
    ],
)
def test_expression_over_the_row_stands_in_brackets(text):
    assert checked_expression(text, COLUMNS) == f"(({text}\n))"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(SELECT 1)", "expression_nested"),
        ("temp IN (SELECT note FROM silver.orders)", "query_table_refused"),
        ("1) AS a, (2", "expression_not_one"),
        ("21,5", "expression_not_one"),
        ("1) FROM range(3) AS t(x", "expression_not_one"),
        ("max(temp)", "query_failed"),
        ("row_number() OVER ()", "query_failed"),
        ("read_text('secrets')", "query_function_refused"),
        ("getenv('HOME')", "query_function_refused"),
        ("other + 1", "query_column_unknown"),
        ("1); DROP TABLE silver.orders; SELECT (1", "query_not_select"),
        ("temp +", "query_syntax"),
    ],
)
def test_what_reaches_beyond_the_row_is_refused(text, code):
    with pytest.raises(ProtectionError) as refused:
        checked_expression(text, COLUMNS)
    assert refused.value.code == code


CHANGING = [
    "random() > 0.5",
    "now() > TIMESTAMP '2026-01-01'",
    "uuid() = note",
    "current_date > DATE '2026-01-01'",
    "current_timestamp IS NULL",
]


@pytest.mark.parametrize(
    "text",
    [
        *CHANGING,
        "age(TIMESTAMP '2026-01-01') IS NULL",
        "CASE WHEN temp = '1' THEN RANDOM() END > 0",
        "ago(INTERVAL 1 DAY) IS NULL",
    ],
)
def test_what_has_another_value_each_time_is_refused_where_it_is_computed_again(text):
    with pytest.raises(ProtectionError) as refused:
        checked_expression(text, COLUMNS, is_repeatable=True)
    assert refused.value.code == "expression_changes"


def test_a_column_may_have_the_name_of_a_function():
    columns = {"current_date": DataType(Kind.STRING)}
    assert checked_expression("current_date = '1'", columns, is_repeatable=True)
    assert checked_expression("age(TIMESTAMP '2026-01-02', TIMESTAMP '2026-01-01') IS NULL", columns, is_repeatable=True)


def test_every_changing_function_of_this_duckdb_is_known():
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        ).fetchall()
    assert {name for (name,) in rows} & allowed_functions().scalar <= CHANGING_FUNCTIONS


def test_what_is_constant_is_not_computed_by_the_check():
    began = time.process_time()
    checked_expression("list_sum(list_transform(range(30000000), x -> x % 7)) > 0", COLUMNS)
    assert time.process_time() - began < 1
