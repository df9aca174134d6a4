"""Tables found by tokens (`engines.embedded.plain_tables`) are those that the parser finds, or none is said to be found."""

import pytest

from lakeward.engines.embedded.plain_tables import plain_tables
from lakeward.engines.embedded.table_references import _parsed_tables, resolve_tables

PLAIN = [
    "SELECT * FROM governance.runs WHERE TRUE ORDER BY 1",
    'SELECT p.id FROM "silver"."press_line" AS p',
    "SELECT * FROM SILVER.Press_line p JOIN gold.oee USING (a)",
    "WITH w AS (FROM silver.press_line) SELECT id FROM w JOIN silver.press_line USING (id)",
    "FROM silver.press_line SELECT id",
    "SELECT 'FROM silver.x', $$ FROM silver.x $$, \"温度\" FROM silver.press_line 温度",
    "SELECT DISTINCT a FROM silver.press_line ANTI JOIN gold.oee USING (a);",
    "SELECT * FROM ((SELECT * FROM silver.a)) UNION ALL SELECT * FROM bronze.a",
]
# A list of tables; a value, a column or a struct that looks like a table; keywords as names; comments; other catalogues; clauses.
UNSURE = [
    "SELECT * FROM batch, silver.press_line",
    "SELECT extract(year FROM silver.ts) FROM batch AS silver",
    "SELECT a IS DISTINCT FROM silver.a FROM batch AS silver",
    "SELECT silver.a FROM batch AS silver",
    "SELECT * FROM silver.order",
    "SELECT * FROM batch -- JOIN silver.press_line",
    "SELECT * FROM other.silver.press_line",
    "SELECT * FROM silver.press_line.id",
    "SELECT * FROM silver.press_line TABLESAMPLE 10%",
    "SELECT * FROM silver.press_line(1)",
]


@pytest.mark.parametrize("query", PLAIN)
def test_tokens_find_what_the_parser_finds(query):
    found = plain_tables(query)

    assert found
    assert sorted(found) == sorted(_parsed_tables(query))


@pytest.mark.parametrize("query", UNSURE)
def test_a_query_of_another_shape_is_left_to_the_parser(query):
    assert plain_tables(query) is None


def test_a_query_that_names_a_layer_in_a_text_alone_reads_no_table():
    assert plain_tables("SELECT 'silver.press_line' AS name") == []


@pytest.mark.parametrize(
    "query", ["SELECT '温', id FROM silver.a 表 JOIN gold.b ON TRUE", "SELECT '温', id FROM t, silver.a 表, gold.b"]
)
def test_only_tables_are_replaced_whatever_stands_before_them(query):
    assert resolve_tables(query, lambda table: f"scan('{table.name}')") == query.replace("silver.a", "scan('a')").replace(
        "gold.b", "scan('b') AS \"b\""
    )
