"""DuckDB as the judge of column lineage: the names it gives, and what changes in its answer when one input column changes."""

import duckdb
import pytest

from lakeward_lineage import column_lineage

SCHEMA = {
    "silver.press": {"ts": "TIMESTAMP", "series": "VARCHAR", "value": "DOUBLE", "plant": "VARCHAR"},
    "silver.equip": {"series": "VARCHAR", "rate": "DOUBLE", "Line": "VARCHAR"},
}
ROWS = """
CREATE SCHEMA silver;
CREATE TABLE silver.press AS SELECT TIMESTAMP '2026-01-01' + INTERVAL (i) MINUTE AS ts, 's' || i % 3 AS series, CAST(i * 7 % 11 AS DOUBLE) AS value, 'p' || i % 2 AS plant FROM range(20) r(i);
CREATE TABLE silver.equip AS SELECT 's' || i AS series, CAST(i * 2 AS DOUBLE) AS rate, 'line' || i AS "Line" FROM range(3) r(i);
"""
CHANGES = (
    ("silver.press", "ts", "ts + INTERVAL (hash(ts) % 5000) MINUTE"),
    ("silver.press", "series", "'s' || CAST(hash(ts) % 3 AS VARCHAR)"),
    ("silver.press", "value", "value * -3 + 1"),
    ("silver.press", "plant", "'q' || CAST(hash(ts) % 3 AS VARCHAR)"),
    ("silver.equip", "series", "'s' || CAST(rate / 2 + 1 AS INTEGER)"),
    ("silver.equip", "rate", "rate * 5 + 1"),
    ("silver.equip", "Line", "'l' || rate"),
)
QUERIES = (
    "SELECT * FROM silver.press",
    "SELECT TS, Value * 2 AS Twice FROM silver.press WHERE plant = 'p1'",
    "SELECT p.ts, e.Rate, e.line AS l FROM silver.press p JOIN silver.equip e USING (series)",
    "SELECT p.*, rate FROM silver.press p LEFT JOIN silver.equip e ON e.series = p.series AND e.rate > p.value",
    "SELECT date_trunc('hour', ts) AS h, series, avg(value) AS a, count(*) AS n FROM silver.press GROUP BY ALL",
    "SELECT plant, max(value) FILTER (WHERE series = 's1') AS m FROM silver.press GROUP BY plant HAVING count(*) > 2",
    "SELECT ts, lag(value) OVER (PARTITION BY series ORDER BY ts) AS prev, row_number() OVER w AS n FROM silver.press WINDOW w AS (ORDER BY value, ts)",
    "SELECT ts, CASE WHEN plant = 'p0' THEN value ELSE 0 END AS v FROM silver.press",
    "WITH a AS (SELECT series, max(value) AS m FROM silver.press GROUP BY series) SELECT e.series, a.m, e.rate / a.m AS r FROM silver.equip e JOIN a USING (series)",
    "SELECT series AS s, value AS v FROM silver.press UNION ALL SELECT series, rate FROM silver.equip",
    "SELECT series AS s FROM silver.press UNION BY NAME SELECT rate AS r, series AS s FROM silver.equip",
    "SELECT ts, (SELECT max(rate) FROM silver.equip e WHERE e.series = p.series) AS m FROM silver.press p",
    "SELECT ts FROM silver.press p WHERE EXISTS (SELECT 1 FROM silver.equip e WHERE e.series = p.series AND e.rate > 1)",
    "SELECT DISTINCT ON (series) series, value FROM silver.press ORDER BY series, ts",
    "SELECT ts, value FROM silver.press QUALIFY row_number() OVER (PARTITION BY plant ORDER BY value DESC, ts) = 1",
    "SELECT ts, value FROM silver.press ORDER BY value, ts LIMIT 3",
    "SELECT series, arg_max(value, ts) AS last FROM silver.press GROUP BY series",
    "SELECT series FROM silver.press EXCEPT SELECT series FROM silver.equip WHERE rate > 2",
    "SELECT * EXCLUDE (plant) REPLACE (value + 1 AS value) FROM silver.press",
    "SELECT p.ts, l.u FROM silver.press p, LATERAL (SELECT p.value + e.rate AS u FROM silver.equip e WHERE e.series = p.series) l",
    "SELECT p.ts, e.rate FROM silver.press p ASOF JOIN silver.equip e ON p.series = e.series AND p.value >= e.rate",
)  # fmt: skip


@pytest.fixture
def lake():
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        yield connection


def answer(lake, sql: str) -> dict[str, list]:
    relation = lake.sql(sql)
    rows = relation.fetchall()
    return {name: sorted(repr(row[place]) for row in rows) for place, name in enumerate(relation.columns)}


@pytest.mark.parametrize("sql", QUERIES)
def test_output_columns_have_the_names_and_the_order_that_duckdb_gives(lake, sql):
    assert list(column_lineage(sql, SCHEMA).columns) == lake.sql(sql).columns


@pytest.mark.parametrize("sql", QUERIES)
def test_a_column_changes_only_with_its_origins(lake, sql):
    lineage, before = column_lineage(sql, SCHEMA), answer(lake, sql)
    for table, column, changed in CHANGES:
        lake.execute(f'BEGIN; UPDATE {table} SET "{column}" = {changed}')
        after = answer(lake, sql)
        lake.execute("ROLLBACK")
        for output, origins in lineage.columns.items():
            if not any((origin.table, origin.column) == (table, column) for origin in (*origins, *lineage.rows)):
                assert after[output] == before[output], f"{output} changed with {table}.{column}"
