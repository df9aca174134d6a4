"""Column lineage is read off the SQL; what cannot be followed is refused by name."""

from time import perf_counter

import pytest

from lakeward_lineage import ColumnLineage, LineageError, column_lineage

PRESS = {"ts": "TIMESTAMP", "series": "VARCHAR", "value": "DOUBLE", "plant": "VARCHAR", "tags": "VARCHAR[]"}
EQUIP = {"series": "VARCHAR", "rate": "DOUBLE", "Line": "VARCHAR", "温度": "DOUBLE"}
SCHEMA = {"silver.press": PRESS, "silver.equip": EQUIP}


def lineage_texts(lineage: ColumnLineage) -> dict[str, str]:
    """Each column, and the rows under "*", as `table.column:KIND ...`."""
    origins = {**lineage.columns, "*": lineage.rows}
    return {
        name: " ".join(f"{o.table.removeprefix('silver.')}.{o.column}:{o.kind}" for o in some) for name, some in origins.items()
    }


def of(sql: str) -> dict[str, str]:
    return lineage_texts(column_lineage(sql, SCHEMA))


@pytest.mark.parametrize(
    ("expression", "origins"),
    [
        ("value", "press.value:IDENTITY"),
        ("(value)", "press.value:IDENTITY"),
        ("value * 2", "press.value:TRANSFORMATION"),
        ("CAST(value AS INTEGER)", "press.value:TRANSFORMATION"),
        ("1", ""),
        ("avg(value) OVER (PARTITION BY plant ORDER BY ts)", "press.plant:WINDOW press.ts:WINDOW press.value:AGGREGATION"),
        ("lag(value) OVER (ORDER BY ts)", "press.ts:WINDOW press.value:TRANSFORMATION"),
        ("row_number() OVER (ORDER BY ts)", "press.ts:WINDOW"),
        ("CASE WHEN plant = 'x' THEN value END", "press.plant:CONDITIONAL press.value:TRANSFORMATION"),
        ("CASE plant WHEN 'x' THEN value END", "press.plant:CONDITIONAL press.value:TRANSFORMATION"),
        ("coalesce(value, 0)", "press.value:TRANSFORMATION"),
        ("list_transform(tags, t -> t || plant)", "press.plant:TRANSFORMATION press.tags:TRANSFORMATION"),
        ("unnest(tags)", "press.tags:TRANSFORMATION"),
        ("(SELECT max(rate) FROM silver.equip)", "equip.rate:AGGREGATION"),
        ("EXISTS (SELECT rate FROM silver.equip)", "equip.rate:CONDITIONAL"),
        ("series IN (SELECT series FROM silver.equip)", "equip.series:TRANSFORMATION press.series:TRANSFORMATION"),
    ],
)
def test_an_expression_says_what_it_does_to_each_column(expression, origins):
    assert of(f"SELECT {expression} AS x FROM silver.press") == {"x": origins, "*": ""}


@pytest.mark.parametrize(
    ("expression", "origins"),
    [
        ("sum(value)", "press.value:AGGREGATION"),
        ("count(*)", ""),
        ("sum(value) / count(*)", "press.value:AGGREGATION"),
        ("sum(value) FILTER (WHERE plant = 'x')", "press.plant:CONDITIONAL press.value:AGGREGATION"),
        ("arg_max(value, ts)", "press.ts:AGGREGATION press.value:AGGREGATION"),
        ("string_agg(series, ',' ORDER BY ts)", "press.series:AGGREGATION press.ts:SORT"),
        ("quantile_cont(0.5) WITHIN GROUP (ORDER BY value)", "press.value:AGGREGATION"),
        ("sum(CASE WHEN value > 1 THEN 1 ELSE 0 END)", "press.value:CONDITIONAL"),
    ],
)
def test_an_aggregate_says_what_it_does_to_each_column(expression, origins):
    assert of(f"SELECT {expression} AS x FROM silver.press") == {"x": origins, "*": ""}


@pytest.mark.parametrize(
    ("clauses", "rows"),
    [
        ("WHERE value > 3", "press.value:FILTER"),
        ("ORDER BY ts", "press.ts:SORT"),
        ("GROUP BY ALL", "press.series:GROUP_BY"),
        ("GROUP BY 1", "press.series:GROUP_BY"),
        ("GROUP BY series HAVING max(value) > 1", "press.series:GROUP_BY press.value:FILTER"),
        ("QUALIFY row_number() OVER (PARTITION BY plant ORDER BY ts) = 1", "press.plant:WINDOW press.ts:WINDOW"),
        ("ORDER BY ALL", "press.series:SORT"),
        ("ORDER BY S", "press.series:SORT"),
        ("WHERE series IN (SELECT series FROM silver.equip WHERE rate > 1)",
         "equip.rate:FILTER equip.series:FILTER press.series:FILTER"),
        ("WHERE EXISTS (SELECT 1 FROM silver.equip e WHERE e.series = silver.press.series)",
         "equip.series:FILTER press.series:FILTER"),
        ("JOIN silver.equip e USING (series)", "equip.series:JOIN press.series:JOIN"),
        ("SEMI JOIN silver.equip e USING (series)", "equip.series:JOIN press.series:JOIN"),
        ("LIMIT (SELECT max(rate) FROM silver.equip)", "equip.rate:FILTER"),
    ],
)  # fmt: skip
def test_a_clause_acts_on_the_rows(clauses, rows):
    assert of(f"SELECT silver.press.series AS s FROM silver.press {clauses}")["*"] == rows


def test_a_star_is_every_column_of_a_known_table_in_its_order():
    assert of("SELECT * FROM silver.equip") == {name: f"equip.{name}:IDENTITY" for name in EQUIP} | {"*": ""}


def test_a_star_may_leave_out_and_replace():
    found = of("SELECT * EXCLUDE (tags, ts) REPLACE (value + 1 AS value) FROM silver.press")
    assert list(found) == ["series", "value", "plant", "*"]
    assert found["value"] == "press.value:TRANSFORMATION"


def test_ctes_pass_columns_and_filters_on():
    found = of(
        "WITH a(x, y) AS (SELECT ts, value FROM silver.press WHERE plant = 'p'), b AS (SELECT y + 1 AS z, x FROM a) SELECT z, x FROM b"
    )
    assert found == {"z": "press.value:TRANSFORMATION", "x": "press.ts:IDENTITY", "*": "press.plant:FILTER"}


def test_a_cte_nobody_reads_says_nothing():
    assert of("WITH a AS (SELECT rate FROM silver.equip WHERE rate > 1) SELECT ts FROM silver.press")["*"] == ""


def test_a_cte_may_have_the_name_of_a_table():
    assert of("WITH press AS (SELECT value + 1 AS v FROM silver.press) SELECT v FROM press")["v"] == "press.value:TRANSFORMATION"


def test_a_union_joins_the_origins_of_its_branches():
    found = of("SELECT ts AS t, value AS v FROM silver.press UNION ALL SELECT ts, rate FROM silver.press, silver.equip")
    assert found == {"t": "press.ts:IDENTITY", "v": "equip.rate:IDENTITY press.value:IDENTITY", "*": ""}


def test_a_union_by_name_pairs_names_not_places():
    found = of("SELECT ts AS t, value AS v FROM silver.press UNION ALL BY NAME SELECT rate AS v, 1 AS n FROM silver.equip")
    assert found == {"t": "press.ts:IDENTITY", "v": "equip.rate:IDENTITY press.value:IDENTITY", "n": "", "*": ""}


def test_a_distinct_union_compares_all_columns():
    assert of("SELECT ts FROM silver.press UNION SELECT ts FROM silver.press")["*"] == "press.ts:GROUP_BY"


def test_except_filters_by_its_right_side():
    found = of("SELECT series FROM silver.press EXCEPT SELECT series FROM silver.equip")
    assert found == {"series": "press.series:IDENTITY", "*": "equip.series:FILTER press.series:FILTER"}


def test_a_lateral_subquery_sees_the_row_beside_it():
    found = of(
        "SELECT l.u FROM silver.press p, LATERAL (SELECT p.value + e.rate AS u FROM silver.equip e WHERE e.series = p.series) l"
    )
    assert found == {"u": "equip.rate:TRANSFORMATION press.value:TRANSFORMATION", "*": "equip.series:FILTER press.series:FILTER"}


def test_a_correlated_subquery_names_the_columns_around_it():
    found = of("SELECT (SELECT max(rate) FROM silver.equip e WHERE e.series = p.series) AS m FROM silver.press p")
    assert found["m"] == "equip.rate:AGGREGATION equip.series:FILTER press.series:FILTER"


def test_names_keep_the_case_they_were_given_and_match_without_it():
    found = of("SELECT P.VALUE AS PressValue, e.line, e.温度 FROM Silver.Press AS p JOIN silver.equip e ON p.SERIES = e.series")
    assert list(found) == ["PressValue", "Line", "温度", "*"]
    assert found["Line"] == "equip.Line:IDENTITY"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nope FROM silver.press", "not_resolved"),
        ("SELECT p.nope FROM silver.press p", "not_resolved"),
        ("SELECT series FROM silver.press, silver.equip", "not_resolved"),
        ("SELECT ts FROM silver.press UNION ALL SELECT ts, value FROM silver.press", "not_resolved"),
        ("SELECT a.x FROM silver.nope a", "unknown_table"),
        ("SELECT 1 AS one FROM silver.nope", "unknown_table"),
        ("SELECT ts, ts FROM silver.press", "output_twice"),
        ("SELECT ts, value + 1 FROM silver.press", "output_without_name"),
        ("DELETE FROM silver.press", "not_one_query"),
        ("SELECT 1 AS a; SELECT 2 AS b", "not_one_query"),
        ("", "not_one_query"),
        ("SELECT ts FROM (", "not_parsed"),
        ("SELECT 'a", "not_parsed"),
        ("SELECT COLUMNS('v.*') FROM silver.press", "not_followed"),
        ("SELECT struct_pack(*) AS s FROM silver.press", "not_followed"),
        ("SELECT p AS whole FROM silver.press p", "not_followed"),
        ("SELECT #1 AS a FROM silver.press", "not_followed"),
        ("SELECT ts FROM silver.press WHERE plant = $1", "not_followed"),
        ("SELECT a FROM read_parquet('x.parquet') AS t(a)", "not_followed"),
        ("FROM (SUMMARIZE silver.press)", "not_followed"),
        ("SELECT ts FROM silver.press NATURAL JOIN silver.equip", "not_followed"),
        ("SELECT * FROM (PIVOT silver.press ON plant USING sum(value))", "not_followed"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r", "not_followed"),
    ],
)
def test_what_cannot_be_told_is_refused(sql, code):
    with pytest.raises(LineageError) as error:
        of(sql)
    assert error.value.code == code


def test_an_error_never_quotes_a_value_of_the_statement():
    for sql in ("SELECT ts FROM silver.press WHERE plant = '机密' AND (", "SELECT nope FROM silver.press WHERE plant = '机密'"):
        with pytest.raises(LineageError) as error:
            of(sql)
        assert "机密" not in str(error.value)
        assert error.value.__cause__ is None


def test_tables_named_in_two_ways_are_refused():
    with pytest.raises(LineageError) as error:
        column_lineage("SELECT a FROM x", {"x": {"a": "INT"}, "silver.y": {"a": "INT"}})
    assert error.value.code == "mixed_names"


def test_a_model_of_a_hundred_columns_takes_less_than_two_seconds():
    wide = {f"c{i}": "DOUBLE" for i in range(100)}
    sums = ", ".join(f"avg(CASE WHEN c{i} > 0 THEN c{i} END) AS a{i}" for i in range(100))
    sql = f"WITH clean AS (SELECT * FROM silver.wide WHERE c1 > 0), h AS (SELECT c0, {sums} FROM clean GROUP BY c0) SELECT * FROM h ORDER BY c0"
    begun = perf_counter()
    lineage = column_lineage(sql, {"silver.wide": wide})
    assert perf_counter() - begun < 2
    assert len(lineage.columns) == 101
