"""What may repair or select a row: one expression over its columns, and nothing that reaches further."""

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ProtectionError
from lakeward.serving.expression import checked_expression

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
