"""Generated attacks on values that a role may not see: forms of queries, suites and conditions, per column and role.

Each is run with a planted value as its guess, and with a false guess that a mask would show alike. The answers must be the same, and
hold no planted value in any form.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.canary_lake import CANARIES, NAME
from support.query_forms import FORMS

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
        return self._fill(guess, literal)

    def with_parameter(self, guess: str) -> tuple[str, dict[str, object]] | None:
        """The query with its guess as the value of a parameter; None if the form has none."""
        if "{g}" not in FORMS[self.form]:
            return None
        return self._fill(guess, "$guess"), {"guess": float(guess) if self.column == "cost" else guess}

    def _fill(self, guess: str, literal: str) -> str:
        return FORMS[self.form].format(c=self.column, g=literal, p=guess[:5], t=TABLE, n=NAME)


def query_attacks() -> list[QueryAttack]:
    return [QueryAttack(role, column, form) for role, columns in HIDDEN.items() for column in columns for form in FORMS]


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
