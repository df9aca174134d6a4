"""Generated attacks on values that a role may not see: forms of queries, suites and conditions, per column and role.

Each is run with a planted value as its guess, and with a false guess that a mask would show alike. The answers must be the same, and
hold no planted value in any form.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.canary_lake import CANARIES, NAME

TABLE = f"silver.{NAME}"
TARGET = 3
# Role -> columns that it does not see in clear (without a key, what is tokenised is denied).
HIDDEN = {"analyst": tuple(CANARIES), "engineer": ("visitor", "phone", "id_number", "formula")}
# A false guess that the masks of the shipped policy show like the true one.
FALSE = {
    "visitor": "欧阳未有",
    "phone": CANARIES["phone"][TARGET][:3] + "9999" + CANARIES["phone"][TARGET][-4:],
    "id_number": "990000199901010000",
    "cost": "79999.99",
    "formula": "marble-9999-melt",
}
# `{c}` the column, `{g}` the guess as a literal, `{p}` its beginning, `{t}` the table.
QUERIES = {
    "plain": "SELECT {c} FROM {t} ORDER BY visit",
    "star": "SELECT * FROM {t} ORDER BY visit",
    "equal": "SELECT count(*) FROM {t} WHERE {c} = {g}",
    "not equal": "SELECT count(*) FROM {t} WHERE {c} <> {g}",
    "in": "SELECT visit FROM {t} WHERE {c} IN ({g}) ORDER BY 1",
    "between": "SELECT count(*) FROM {t} WHERE {c} BETWEEN {g} AND {g}",
    "distinct from": "SELECT count(*) FROM {t} WHERE {c} IS NOT DISTINCT FROM {g}",
    "alias": "SELECT a.x FROM (SELECT {c} AS x FROM {t}) AS a WHERE a.x = {g}",
    "table alias": "SELECT visit FROM {t} AS v(a, b, c, d, e, f) WHERE c = {g}",
    "join": "SELECT count(*) FROM {t} JOIN (VALUES ({g})) AS v(x) ON {c} = x",
    "left join": "SELECT count(v.x) FROM {t} LEFT JOIN (VALUES ({g})) AS v(x) ON {c} = x",
    "asof join": "SELECT count(*) FROM {t} ASOF JOIN (VALUES ({g})) AS v(x) ON {c} >= x",
    "self join": "SELECT count(*) FROM {t} AS a JOIN {t} AS b USING ({c}) WHERE a.{c} = {g}",
    "semi join": "SELECT visit FROM {t} SEMI JOIN (SELECT {g} AS {c}) USING ({c})",
    "lateral": "SELECT count(*) FROM {t}, LATERAL (SELECT {c} AS x) WHERE x = {g}",
    "cte": "WITH w AS (SELECT {c} AS x FROM {t}) SELECT count(*) FROM w WHERE x = {g}",
    "cte of the name": "WITH {n} AS (SELECT {c} FROM {t}) SELECT * FROM {n} ORDER BY 1",
    "materialised cte": "WITH w AS MATERIALIZED (FROM {t}) SELECT count(*) FROM w WHERE {c} = {g}",
    "recursive cte": "WITH RECURSIVE w AS (SELECT {c} AS x, 1 AS n FROM {t} UNION ALL SELECT x, n + 1 FROM w WHERE n < 2) SELECT count(*) FROM w WHERE x = {g}",
    "scalar subquery": "SELECT (SELECT count(*) FROM {t} WHERE {c} = {g})",
    "exists": "SELECT EXISTS (SELECT 1 FROM {t} WHERE {c} = {g})",
    "any": "SELECT {g} = ANY (SELECT {c} FROM {t})",
    "all": "SELECT {g} <> ALL (SELECT {c} FROM {t})",
    "cast to number": "SELECT CAST({c} AS BIGINT) FROM {t}",
    "try cast": "SELECT TRY_CAST({c} AS HUGEINT) FROM {t} ORDER BY visit",
    "cast to date": "SELECT CAST({c} AS DATE) FROM {t}",
    "cast to blob": "SELECT CAST(CAST({c} AS VARCHAR) AS BLOB) FROM {t} ORDER BY visit",
    "cast to list": "SELECT CAST({c} AS INTEGER[]) FROM {t}",
    "cast to json": "SELECT CAST({c} AS JSON) FROM {t}",
    "text": "SELECT CAST({c} AS VARCHAR) || '' FROM {t} ORDER BY visit",
    "reverse": "SELECT reverse(CAST({c} AS VARCHAR)) FROM {t} ORDER BY visit",
    "hex": "SELECT hex(CAST({c} AS VARCHAR)) FROM {t} ORDER BY visit",
    "base64": "SELECT to_base64(CAST(CAST({c} AS VARCHAR) AS BLOB)) FROM {t} ORDER BY visit",
    "characters": "SELECT string_split(CAST({c} AS VARCHAR), '') FROM {t} ORDER BY visit",
    "code points": "SELECT list_transform(string_split(CAST({c} AS VARCHAR), ''), lambda x: unicode(x)) FROM {t} ORDER BY visit",
    "substring": "SELECT substring(CAST({c} AS VARCHAR), 4, 4) FROM {t} WHERE {c} = {g}",
    "length": "SELECT count(*) FROM {t} WHERE length(CAST({c} AS VARCHAR)) = length(CAST({g} AS VARCHAR))",
    "hash": "SELECT count(*) FROM {t} WHERE md5(CAST({c} AS VARCHAR)) = md5(CAST({g} AS VARCHAR))",
    "like": "SELECT count(*) FROM {t} WHERE CAST({c} AS VARCHAR) LIKE '{p}%'",
    "ilike": "SELECT count(*) FROM {t} WHERE CAST({c} AS VARCHAR) ILIKE '%{p}%'",
    "similar": "SELECT count(*) FROM {t} WHERE CAST({c} AS VARCHAR) SIMILAR TO '{p}.*'",
    "regular expression": "SELECT count(*) FROM {t} WHERE regexp_matches(CAST({c} AS VARCHAR), '^{p}')",
    "extract": "SELECT regexp_extract(CAST({c} AS VARCHAR), '{p}.*') AS x FROM {t} ORDER BY x DESC LIMIT 1",
    "starts with": "SELECT count(*) FROM {t} WHERE starts_with(CAST({c} AS VARCHAR), '{p}')",
    "edit distance": "SELECT min(levenshtein(CAST({c} AS VARCHAR), CAST({g} AS VARCHAR))) = 0 FROM {t}",
    "error by cast": "SELECT CASE WHEN {c} = {g} THEN CAST('x' AS INTEGER) ELSE 1 END FROM {t}",
    "error by overflow": "SELECT CASE WHEN {c} = {g} THEN 9223372036854775807 + 1 ELSE 1 END FROM {t}",
    "error by subquery": "SELECT (SELECT {c} FROM {t})",
    "error function": "SELECT CASE WHEN {c} = {g} THEN error('x') END FROM {t}",
    "try": "SELECT TRY(CAST({c} AS INTEGER)) FROM {t} ORDER BY visit",
    "order": "SELECT visit FROM {t} ORDER BY {c} = {g}, visit",
    "order by case": "SELECT visit FROM {t} ORDER BY CASE WHEN {c} = {g} THEN 0 ELSE 1 END, visit LIMIT 1",
    "limit": "SELECT visit FROM {t} ORDER BY visit LIMIT (SELECT count(*) FROM {t} WHERE {c} = {g})",
    "group": "SELECT {c}, count(*) FROM {t} GROUP BY ALL ORDER BY ALL",
    "rollup": "SELECT {c}, machine, count(*) FROM {t} GROUP BY ROLLUP ({c}, machine) ORDER BY ALL",
    "having": "SELECT machine FROM {t} GROUP BY machine HAVING count(*) FILTER (WHERE {c} = {g}) > 0 ORDER BY 1",
    "filter": "SELECT count(*) FILTER ({c} = {g}) FROM {t}",
    "sum case": "SELECT sum(CASE WHEN {c} = {g} THEN minutes END) FROM {t}",
    "min and max": "SELECT min({c}), max({c}) FROM {t}",
    "arg max": "SELECT arg_max({c}, minutes), arg_min(visit, {c}), first({c} ORDER BY visit) FROM {t}",
    "list": "SELECT list({c} ORDER BY visit), string_agg(CAST({c} AS VARCHAR), ',' ORDER BY visit) FROM {t}",
    "histogram": "SELECT histogram({c}), mode({c}) FROM {t}",
    "quantile": "SELECT quantile_disc({c}, [0.0, 0.5, 1.0]) FROM {t}",
    "distinct": "SELECT count(DISTINCT {c}) FROM {t} WHERE {c} = {g}",
    "distinct on": "SELECT DISTINCT ON ({c}) {c} FROM {t} ORDER BY {c}, visit",
    "union": "SELECT CAST({c} AS VARCHAR) FROM {t} UNION SELECT 'x' ORDER BY 1",
    "union by name": "FROM {t} UNION ALL BY NAME FROM {t} ORDER BY visit",
    "intersect": "SELECT {c} FROM {t} INTERSECT SELECT {g}",
    "except": "SELECT {g} EXCEPT SELECT {c} FROM {t}",
    "window": "SELECT visit, rank() OVER (ORDER BY {c} = {g}, visit) FROM {t} ORDER BY visit",
    "lag": "SELECT lag({c}) OVER (ORDER BY visit), any_value({c}) OVER () FROM {t} ORDER BY visit",
    "qualify": "SELECT visit FROM {t} QUALIFY row_number() OVER (ORDER BY visit) = 1 AND {c} = {g}",
    "range window": "SELECT count(*) OVER (PARTITION BY {c} = {g}) FROM {t} ORDER BY 1",
    "struct": "SELECT struct_pack(x := {c}) FROM {t} ORDER BY visit",
    "row": "SELECT CAST(v AS VARCHAR) FROM {t} AS v ORDER BY visit",
    "map": "SELECT map([visit], [{c}]) FROM {t} ORDER BY visit",
    "unnest": "SELECT unnest([{c}]) FROM {t} ORDER BY visit",
    "columns": "SELECT COLUMNS('{c}') FROM {t} ORDER BY visit",
    "columns by function": "SELECT COLUMNS(x -> x = '{c}') FROM {t} ORDER BY visit",
    "replace": "SELECT * REPLACE ({c} AS machine) FROM {t} ORDER BY visit",
    "rename": "SELECT * RENAME ({c} AS machine2) FROM {t} ORDER BY visit",
    "exclude": "SELECT * EXCLUDE (visit) FROM {t} ORDER BY ALL",
    "sample": "SELECT {c} FROM {t} USING SAMPLE 100%",
    "describe": "SELECT column_name, column_type FROM (DESCRIBE {t})",
    "summarise": "SELECT column_name, min, max FROM (SUMMARIZE {t})",
    "summarise a column": "SUMMARIZE SELECT {c} FROM {t}",
    "pivot": "FROM (PIVOT (SELECT machine, {c} FROM {t}) ON machine IN ('M0', 'M1') USING max({c}))",
    "pivot on it": "FROM (PIVOT {t} ON {c} IN ({g}) USING count(*) GROUP BY machine) ORDER BY ALL",
    "unpivot": "SELECT v FROM (UNPIVOT (SELECT CAST({c} AS VARCHAR) AS x FROM {t}) ON x INTO NAME n VALUE v) ORDER BY v",
    "positional": "SELECT #1, #2, #3 FROM {t} ORDER BY 1",
    "coalesce": "SELECT count(*) FROM {t} WHERE coalesce({c}, {g}) = {g}",
    "nullif": "SELECT count(nullif({c}, {g})) - count({c}) FROM {t}",
    "collate": "SELECT count(*) FROM {t} WHERE CAST({c} AS VARCHAR) COLLATE NOCASE = CAST({g} AS VARCHAR)",
    "format": "SELECT format('{{}}', {c}) FROM {t} ORDER BY visit",
    "json": "SELECT to_json({c}) FROM {t} ORDER BY visit",
    "file columns": "SELECT filename, file_row_number, {c} FROM {t}",
    "quoted": 'SELECT "{c}" FROM "silver"."{n}" ORDER BY 1',
    "comment": "SELECT /* */ {c} -- \n FROM {t} WHERE {c} = {g}",
}  # fmt: skip
# The same for every column: ways around the views. `{lake}` is the lake's folder.
DETOURS = [
    *(f"FROM {layer}.{NAME}" for layer in ("bronze", "quarantine", "rejects", "repairs", "gold")),
    *(f"{word} SELECT * FROM {TABLE}" for word in ("EXPLAIN", "EXPLAIN ANALYZE", "EXPLAIN (FORMAT json)", "PREPARE p AS", "CREATE TABLE x AS")),
    *(
        f"FROM {function}('{{lake}}/silver/{NAME}/*.parquet')"
        for function in ("read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema", "parquet_file_metadata", "read_blob", "glob")
    ),
    *(f"FROM {function}('{{lake}}/landing')" for function in ("delta_scan", "read_text", "read_csv", "sniff_csv", "read_csv_auto", "glob")),
    *(f"FROM {catalogue}" for catalogue in ("information_schema.columns", "information_schema.tables", "pg_catalog.pg_views", "sqlite_master", "duckdb_views")),
    *(f"FROM duckdb_{listed}()" for listed in ("views", "columns", "tables", "settings", "functions", "temporary_files", "logs", "variables", "secrets")),
    f"FROM parquet_bloom_probe('{{lake}}/silver/{NAME}/*.parquet', 'phone', '{CANARIES['phone'][TARGET]}')",
    f"COPY {TABLE} TO '{{lake}}/../stolen.csv'",
    f"COPY (FROM {TABLE}) TO '{{lake}}/../stolen.parquet'",
    "ATTACH '{lake}/../other.db'",
    *(f"SET {name}" for name in ("temp_file_encryption = false", "temp_directory = '/tmp'", "lock_configuration = false", "enable_external_access = true")),
    *(f"PRAGMA {name}" for name in ("database_list", "enable_profiling = 'json'", "storage_info('silver.visits')", "show_tables")),
    f"FROM '{{lake}}/silver/{NAME}'",
    f"FROM query('FROM {TABLE}')",
    "FROM governance.access_log",
    "FROM governance.quarantine_events",
    "SELECT getenv('LAKEWARD_TOKEN_KEY')",
    "SELECT lakeward_token('x')",
]  # fmt: skip


@dataclass(frozen=True)
class QueryAttack:
    """A query with a guess, as `template` of the guess."""

    role: str
    column: str
    form: str

    def text(self, guess: str) -> str:
        literal = guess if self.column == "cost" else f"'{guess}'"
        return QUERIES[self.form].format(c=self.column, g=literal, p=guess[:5], t=TABLE, n=NAME)


def query_attacks() -> list[QueryAttack]:
    return [QueryAttack(role, column, form) for role, columns in HIDDEN.items() for column in columns for form in QUERIES]


def suite_attacks(column: str, guess: str) -> list[dict[str, Any]]:
    """Expectations that ask for one value of a column."""
    number = column == "cost"
    value: Any = float(guess) if number else guess
    condition = {
        "row_condition": f'col("{column}")=={guess if number else repr(guess)}',
        "condition_parser": "great_expectations",
    }
    pandas = {"row_condition": f"{column} == {value!r}", "condition_parser": "pandas"}
    own = [
        ("column_values_to_be_in_set", {"value_set": [value]}),
        ("column_values_to_not_be_in_set", {"value_set": [value]}),
        ("column_values_to_not_be_in_set", {"value_set": [value], "mostly": 0.99}),
        ("column_values_to_be_between", {"min_value": value, "max_value": value}),
        ("column_distinct_values_to_contain_set", {"value_set": [value]}),
        ("column_distinct_values_to_be_in_set", {"value_set": [value]}),
        ("column_most_common_value_to_be_in_set", {"value_set": [value]}),
        ("column_max_to_be_between", {"max_value": value}),
        ("column_min_to_be_between", {"min_value": value}),
        ("column_values_to_not_be_null", condition),
        ("column_values_to_be_null", pandas),
        ("column_unique_value_count_to_be_between", {"max_value": 1, **condition}),
        ("column_values_to_be_unique", {"mostly": 0.9}),
        *(
            [("column_mean_to_be_between", {"max_value": value}), ("column_sum_to_be_between", {"max_value": value})]
            if number
            else [
                ("column_values_to_not_match_regex", {"regex": guess[:6]}),
                ("column_values_to_match_regex_list", {"regex_list": [guess, "x"]}),
                ("column_values_to_not_match_like_pattern", {"like_pattern": f"%{guess}%"}),
                ("column_value_lengths_to_equal", {"value": len(guess)}),
            ]
        ),
    ]
    alone = [{"type": f"expect_{kind}", "kwargs": {"column": column, **kwargs}} for kind, kwargs in own]
    others = [
        ("column_values_to_be_null", {"column": "machine", **condition}),
        ("column_values_to_be_null", {"column": "machine", **pandas}),
        ("table_row_count_to_be_between", {"max_value": 0, **condition}),
        ("column_values_to_be_between", {"column": "minutes", "max_value": 0, **condition}),
        ("column_mean_to_be_between", {"column": "minutes", "max_value": 0, **condition}),
    ]
    return alone + [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in others if "row_condition" in kwargs]


# Conditions of `quarantine repair --where` and expressions of `--set`.
CONDITIONS = (
    "{c} = {g}",
    "upper(CAST({c} AS VARCHAR)) = upper({g})",
    "CAST({c} AS VARCHAR) LIKE '{p}%'",
    "CASE WHEN {c} = {g} THEN CAST('x' AS INTEGER) ELSE 1 END = 1",
    "list_contains([{c}], {g})",
    '"{c}" = {g}',
)


def forms_of(value: str) -> Iterator[str]:
    """A value as it may stand in an answer."""
    raw = value.encode()
    yield value
    yield value[::-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield base64.b64encode(raw).decode()
    yield ", ".join(repr(letter) for letter in value)
    yield ", ".join(str(ord(letter)) for letter in value)
    yield "".join(f"\\x{byte:02X}" for byte in raw)
    yield repr(raw)[2:-1]


def leaked(said: str, columns: tuple[str, ...], asked: str = "") -> list[str]:
    """Planted values of these columns that stand in what was said, in any form; not those that were asked with."""
    values = [value for column in columns for value in CANARIES[column] if value not in asked]
    return [form for value in values for form in forms_of(value) if form in said]
