"""The values of a reader stand in a row filter where DuckDB's own lexer finds a parameter, and nowhere else."""

import duckdb
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ProtectionError
from lakeward.serving.row_conditions import row_condition

COLUMNS = {"party": DataType(Kind.STRING), "机台": DataType(Kind.STRING), "n": DataType(Kind.INTEGER)}
READER = {"party": "o'neil's $account", "account": None}


def rows_that_pass(text, party, number=1):
    condition = row_condition(text, COLUMNS, READER)
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (party VARCHAR, 机台 VARCHAR, n INTEGER)")
        con.execute("INSERT INTO t VALUES ($1, '张', $2)", [party, number])
        return con.execute(f"SELECT count(*) FROM t WHERE {condition}").fetchall()[0][0]


@pytest.mark.parametrize(
    "text",
    [
        "party = $party",
        "机台 = '张' AND party = $party",
        "party = $party AND 机台 <> E'it\\'s $other'",
        "party = $party AND 机台 <> E'\\\\' AND party = $party",
        "party = $party AND 机台 <> $$it's $other$$",
        "party = $party AND 机台 <> $tag$ $other '$tag$",
        "party = $party -- not $account, and no '",
        "party = $party /* $other ' */ AND n = 1",
        "CASE WHEN n = 2 THEN $account = 'x' ELSE party = $party END",
        "party IN ($party, '$partyx')",
        "(party, n) = ($party, 1)",
        "party = $party AND (n = 1e0) IS TRUE",
        "party=$party",
    ],
)
def test_a_parameter_is_replaced_and_a_text_or_comment_is_not(text):
    assert rows_that_pass(text, READER["party"]) == 1
    assert rows_that_pass(text, "$party") == 0


def test_a_value_that_the_reader_lacks_equals_nothing():
    assert rows_that_pass("party = $account OR NOT (party = $account)", "x") == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("party = '$party'", "row_filter_value"),
        ("party <> E'\\' $account'", "row_filter_value"),
        ("party <> $$ $account$$", "row_filter_value"),
        ("party = $other", "row_filter_value"),
        ("party = $1", "row_filter_value"),
        ("party = ?", "row_filter_value"),
        ("party = $PARTY", "row_filter_value"),
        ("party = $张", "row_filter_value"),
        ("party = '$party", "query_syntax"),
        ("party = $$ $party", "query_syntax"),
        ("party = $party /* $account", "query_syntax"),
        ("party = $party); SELECT (1", "query_not_one"),
        ("party = (SELECT $party)", "expression_nested"),
    ],
)
def test_what_is_no_condition_over_one_row_is_refused(text, code):
    with pytest.raises(ProtectionError) as refused:
        row_condition(text, COLUMNS, READER)
    assert refused.value.code == code
