"""What file statistics prove, the rows say too: judged with them and without, every rule has the same verdict."""

from dataclasses import replace
from datetime import datetime

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.engines.tables import ColumnStatistics, RowStatistics
from lakeward.quality.plan import compile_plan
from support.examples import examples
from support.judging import column, contract, expect, fetch, rules_of

CONTRACT = contract(
    column("n", Kind.INTEGER, required=True),
    column("x", Kind.DOUBLE, required=True),
    column("d", Kind.DECIMAL, 12, 4),
    column("s", required=True),
    column("t", Kind.TIMESTAMP),
    format_=FileFormat.PARQUET,
)
TYPES = {c.name: c.type for c in CONTRACT.columns}
SQL = ("BIGINT", "DOUBLE", "DECIMAL(12,4)", "VARCHAR", "TIMESTAMPTZ")
NAN = float("nan")
values = st.tuples(
    st.sampled_from([None, -(2**60), 0, 1, 2**60 + 1]),
    st.sampled_from([None, NAN, float("inf"), -0.0, 0.1, 5e-324, 1e300]),
    st.sampled_from([None, "0.0000", "0.1000", "0.1001", "-99999999.9999"]),
    st.sampled_from([None, "", "a", "Z", "压"]),
    st.sampled_from([None, "0001-01-01 00:00:00+00", "2026-03-01 00:00:00.000001+00", "2026-03-01 00:00:00+00"]),
)
bounds = st.sampled_from([-(2**60), -1, 0, 0.1, 1, 2**60, 2**60 + 1, 1e300])
intervals = st.fixed_dictionaries(
    {"ends": st.tuples(bounds, bounds).map(sorted)}, optional={"strict_min": st.booleans(), "strict_max": st.booleans()}
).map(
    lambda kwargs: {
        "min_value": kwargs["ends"][0],
        "max_value": kwargs["ends"][1],
        **{k: v for k, v in kwargs.items() if k != "ends"},
    }
)


def statistics_of(con, *, bounded):
    """As our own files have them: no bounds where a number is none, or beyond Python's calendar; times to the millisecond."""
    found = {}
    total = con.execute("SELECT count(*) FROM batch").fetchone()[0]
    for name in TYPES:
        known = f"CASE WHEN {name}::VARCHAR NOT IN ('nan', 'inf', '-inf') THEN {name} END"
        shown = "::VARCHAR" if name == "t" else ""
        query = f"SELECT min({known}){shown}, max({known}){shown}, count(*) - count({name}), count({known}) FROM batch"
        *ends, nulls, whole = con.execute(query).fetchone()
        low, high = (datetime.fromisoformat(end) if end and shown else end for end in ends)
        found[name] = ColumnStatistics(nulls, low, high) if bounded and whole == total - nulls else ColumnStatistics(nulls)
    return RowStatistics(total, found)


@given(st.lists(values, max_size=5), intervals, intervals, st.booleans())
@settings(deadline=None, max_examples=examples(60))
def test_statistics_change_no_verdict(rows, numbers, decimals, bounded):
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"CREATE TABLE batch ({', '.join(f'{n} {t}' for n, t in zip(TYPES, SQL, strict=True))})")
    for row in rows:
        con.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", row)
    rules = rules_of(
        CONTRACT,
        *(expect("column_values_to_be_between", column=name, **numbers) for name in ("n", "x")),
        expect("column_values_to_be_between", column="d", **decimals),
        expect("column_values_to_be_between", column="s", min_value="", max_value="b"),
        expect("column_values_to_be_between", column="t", min_value="2026-03-01T00:00:00Z"),
        *(expect("column_values_to_not_be_null", column=name, mostly=0.5) for name in TYPES),
        *(expect("column_values_to_be_in_set", column=name, value_set=[0, 0.1]) for name in ("n", "x", "d")),
    )
    plain, proving = (
        compile_plan(CONTRACT, rules, TYPES),
        compile_plan(CONTRACT, rules, TYPES, statistics_of(con, bounded=bounded)),
    )
    expected = plain.verdicts(fetch(con, plain.facts_select("batch"))[0])
    found = proving.verdicts(fetch(con, proving.facts_select("batch"))[0])
    assert [replace(verdict, proof=None) for verdict in found] == list(expected)
