"""Statements that are made up: from the grammar of what the guard lets through and of what it must not, over every function there is."""

import duckdb
from hypothesis import strategies as st

from support.canary_lake import CANARIES, GRADED, NAME
from support.query_forms import FORMS
from support.read_attacks import DETOURS, TABLE

_TABLES = (
    *([TABLE] * 6 + [NAME, f'"silver"."{NAME}"', f"memory.{TABLE}", "w", "v"]),
    *(f"{layer}.{NAME}" for layer in ("bronze", "quarantine", "rejects", "repairs", "gold", "cubes")),
    *("governance.access_log", "governance.verdicts", "information_schema.columns", "pg_catalog.pg_views", "sqlite_master"),
    *("duckdb_views", "duckdb_settings", "'{lake}/silver/visits'", '"{lake}/landing"', "read_text"),
)
_COLUMNS = (*GRADED, "visit", "machine", "minutes", "_run_id", "_file", "rowid", "filename", "*", "x", "n")
_TYPES = (
    "INTEGER",
    "VARCHAR",
    "DOUBLE",
    "DATE",
    "BLOB",
    "BIT",
    "JSON",
    "INTEGER[]",
    "STRUCT(x VARCHAR)",
    "DECIMAL(4, 1)",
    "UUID",
)
_OPERATORS = ("=", "<>", "<", ">=", "||", "+", "LIKE", "GLOB", "IS DISTINCT FROM", "AND", "OR", "SIMILAR TO", "^@", "->>", "~")
_TEXTS = ("x", "", "%", "^1", "{lake}/silver/visits/*.parquet", "/etc/hostname", "silver.visits", CANARIES["phone"][3])


def _function_names() -> list[str]:
    """All functions of DuckDB, allowed or not."""
    with duckdb.connect() as con:
        found = con.execute("SELECT DISTINCT function_name FROM duckdb_functions() ORDER BY 1").fetchall()
    names = [name for (name,) in found if name.isidentifier()]
    return [*names, "delta_scan", "lakeward_token", "query", "query_table", "error", "getenv", "COLUMNS", "unnest", "TRY"]


def _joined(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: pattern.format(*found))


def statements(lake: str) -> st.SearchStrategy[str]:
    """Statements; `lake` is the folder that some of them name."""
    made = st.one_of(*([_selects()] * 6), _others(), _spliced())
    return made.map(lambda text: text.replace("{lake}", lake))


def _selects() -> st.SearchStrategy[str]:
    values = st.deferred(lambda: expressions)
    tables = st.deferred(lambda: relations)
    selects = st.deferred(lambda: queries)
    functions = st.sampled_from(_function_names())
    literals = st.one_of(
        st.sampled_from(_TEXTS).map(lambda text: f"'{text}'"),
        st.integers(-3, 40).map(str),
        st.sampled_from(["NULL", "1.5", "true", "DATE '2026-03-02'", "INTERVAL 1 DAY"]),
    )
    simple = st.one_of(st.sampled_from(_COLUMNS), literals)
    expressions = st.one_of(
        *[simple] * 4,
        _joined("({} {} {})", values, st.sampled_from(_OPERATORS), values),
        _joined("{}({})", functions, values),
        _joined("{}({}, {})", functions, values, values),
        _joined("CAST({} AS {})", values, st.sampled_from(_TYPES)),
        _joined("TRY_CAST({} AS {})", values, st.sampled_from(_TYPES)),
        _joined("CASE WHEN {} THEN {} ELSE {} END", values, values, values),
        _joined("({})", selects),
        _joined("EXISTS ({})", selects),
        _joined("{} IN ({})", values, selects),
        _joined("[{}, {}]", values, values),
        _joined("{{'x': {}}}", values),
        _joined("({}).{}()", values, functions),
        _joined("list_transform([{}], lambda x: {})", values, values),
        _joined("{}({}) OVER (PARTITION BY {} ORDER BY {})", functions, values, values, values),
        _joined("{}({} ORDER BY {}) FILTER ({})", functions, values, values, values),
        _joined("COLUMNS({})", values),
    )
    relations = st.one_of(
        *[st.sampled_from(_TABLES)] * 4,
        _joined("({}) AS v", selects),
        _joined("{}({})", functions, values),
        _joined("{} JOIN {} ON {}", tables, tables, values),
        _joined("{}, LATERAL ({})", tables, selects),
        _joined("{} NATURAL JOIN {}", tables, tables),
        _joined("(VALUES ({}), ({})) AS v(x)", values, values),
        _joined("(PIVOT {} ON machine IN ('M0') USING {}({}))", tables, functions, values),
        _joined("(UNPIVOT {} ON {} INTO NAME n VALUE x)", tables, st.sampled_from(_COLUMNS)),
        _joined("(SUMMARIZE {})", tables),
        _joined("(DESCRIBE {})", tables),
    )
    plain = st.one_of(
        _joined("SELECT {} FROM {}", values, tables),
        _joined("SELECT {}, {} FROM {} WHERE {}", values, values, tables, values),
        _joined("SELECT {} FROM {} GROUP BY {} HAVING {}", values, tables, values, values),
        _joined("SELECT DISTINCT {} FROM {} ORDER BY {} LIMIT 5", values, tables, values),
        _joined("FROM {}", tables),
        _joined("SELECT {}", values),
    )
    queries = st.one_of(
        *[plain] * 4,
        _joined("WITH w AS ({}) {}", selects, selects),
        _joined("WITH RECURSIVE w AS ({} UNION {}) SELECT * FROM w LIMIT 5", selects, selects),
        _joined("{} UNION ALL {}", plain, plain),
        _joined("{} EXCEPT {}", plain, plain),
    )
    return queries


def _others() -> st.SearchStrategy[str]:
    """Statements that are no SELECT, and those that are known to lead around."""
    fronts = (
        "EXPLAIN ",
        "COPY (",
        "PREPARE p AS ",
        "CREATE TABLE t AS ",
        "DESCRIBE ",
        "SUMMARIZE ",
        "CALL ",
        "SET VARIABLE x = (",
    )
    ends = ("", ")", ") TO '{lake}/../stolen.csv'", "; SELECT 1", " -- ", " AT (VERSION => 0)", ";")
    return st.one_of(_joined("{}{}{}", st.sampled_from(fronts), _selects(), st.sampled_from(ends)), st.sampled_from(DETOURS))


def _spliced() -> st.SearchStrategy[str]:
    """Texts of known attacks with parts cut out, doubled, or put into each other."""
    texts = st.sampled_from([*DETOURS, *(_filled(form) for form in FORMS.values())])

    def splice(found: tuple[str, str, int, int, str]) -> str:
        one, other, start, length, odd = found
        at = start % (len(one) + 1)
        return one[:at] + odd + other[at : at + length] + one[at:]

    return st.tuples(texts, texts, st.integers(0, 400), st.integers(0, 60), st.text(max_size=3)).map(splice)


def _filled(form: str) -> str:
    return form.format(c="phone", g=f"'{CANARIES['phone'][3]}'", p="19907", t=TABLE, n=NAME)
