"""The functions that a served query may call exist in the DuckDB that we ship, and none of them reaches outside the query."""

import duckdb
import pytest

from lakeward.serving.functions import CATALOGUE, allowed_functions

# Parser's own words for expressions that are no function of the catalogue.
SYNTAX = {"coalesce", "ifnull", "if", "grouping", "grouping_id", "unnest"}
OUTSIDE = (
    "read_",
    "duckdb_",
    "pg_",
    "pragma_",
    "parquet_",
    "icu_",
    "json_execute",
    "json_serialize",
    "current_setting",
    "getenv",
    "getvariable",
)
OUTSIDE += (
    "query",
    "glob",
    "sniff",
    "stats",
    "sleep",
    "nextval",
    "currval",
    "error",
    "write_log",
    "list_aggr",
    "array_aggr",
    "setseed",
    "lakeward",
)
OUTSIDE += (
    "current_query",
    "txid",
    "which_secret",
    "arrow_",
    "pandas_",
    "python_",
    "repeat_row",
    "seq_scan",
    "summary",
    "version",
    "finalize",
    "combine",
)


@pytest.fixture(scope="module")
def kinds():
    with duckdb.connect() as con:
        found = con.execute(
            "SELECT lower(function_name), list(DISTINCT function_type) FROM duckdb_functions() GROUP BY 1"
        ).fetchall()
    assert len(found) > 500
    return dict(found)


def test_catalogue_is_of_the_duckdb_that_is_installed():
    assert duckdb.__version__.startswith("1.5.")
    assert "duckdb_1.5" in CATALOGUE


def test_every_allowed_function_exists(kinds):
    allowed = allowed_functions()
    assert len(allowed.scalar) > 300
    assert sorted((allowed.scalar | allowed.table) - set(kinds) - SYNTAX) == []


def test_no_allowed_function_reaches_outside(kinds):
    allowed = allowed_functions()
    assert [name for name in sorted(allowed.scalar | allowed.table) if name.startswith(OUTSIDE)] == []
    assert [name for name in kinds if name.startswith(OUTSIDE)]


def test_only_functions_that_make_rows_of_their_arguments_stand_in_from():
    assert allowed_functions().table == {"generate_series", "range", "unnest"}


def test_whatever_is_only_a_table_function_is_not_allowed_elsewhere(kinds):
    tables = {name for name, types in kinds.items() if not set(types) - {"table", "table_macro", "pragma"}}
    assert allowed_functions().scalar & tables - SYNTAX == set()
