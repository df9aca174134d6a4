"""Laws of judging, over rows that nobody thought of."""

# ruff: noqa: DTZ001 (naive local times are the subject)

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.contracts.model import Kind
from lakeward.core.local_times import to_utc
from lakeward.core.sql import identifier, literal
from lakeward.quality.rule import Outcome, Severity
from support.examples import examples
from support.judging import column, contract, expect, judge

PROMISED = contract(
    column("id", Kind.INTEGER, required=True),
    column("v", Kind.DOUBLE),
    column("s"),
    column("t", Kind.TIMESTAMP),
    zone="Europe/Berlin",
)
RULES = (
    expect("column_values_to_be_between", column="v", min_value=0, max_value=10),
    expect("column_values_to_be_in_set", column="s", value_set=["a", "b"], mostly=0.5),
    expect("column_values_to_be_unique", column="s"),
    expect("column_values_to_not_be_null", column="t", severity="warn"),
)
NUMBERS = st.one_of(
    st.integers(-20, 20).map(str), st.floats(allow_nan=True).map(repr), st.sampled_from(["", "1.7", "x", "21,5", "NULL"])
)
TEXTS = st.one_of(
    st.sampled_from(["a", "b", "", "'", '"', "\\"]), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
)
TIMES = st.one_of(
    st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)).map(str), st.sampled_from(["", "soon", "2026-03-29T02:30:00"])
)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS, TIMES), max_size=12)


@settings(max_examples=examples(10), deadline=None)
@given(ROWS)
def test_every_row_is_good_or_bad_and_bad_only_by_a_rule_that_failed(rows):
    result = judge(PROMISED, rows, *RULES)
    assert sorted([r["_row"] for r in result.good] + [r["_row"] for r in result.bad]) == [i + 2 for i in range(len(rows))]
    diverting = {i for i in result.failing() if result.verdicts[i].rule.severity is Severity.QUARANTINE}
    assert all(reasons and reasons <= diverting for reasons in result.reasons().values())
    counts = {i: sum(i in reasons for reasons in result.reasons().values()) for i in diverting}
    assert counts == {i: result.verdicts[i].failed for i in diverting}


@settings(max_examples=examples(10), deadline=None)
@given(ROWS)
def test_a_good_row_breaks_no_quarantine_rule_of_its_own(rows):
    again = [
        (str(r["id"]), "" if r["v"] is None else repr(r["v"]), r["s"] or "", r["t"] or "")
        for r in judge(PROMISED, rows, *RULES).good
    ]
    result = judge(PROMISED, again, *(rule for rule in RULES if "mostly" not in rule["kwargs"]))
    failing = {i for i in result.failing() if result.verdicts[i].rule.severity is Severity.QUARANTINE}
    assert failing == set()


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_double_written_by_python_comes_back_the_same(values):
    result = judge(contract(column("x", Kind.DOUBLE)), [(repr(value),) for value in values])
    assert [row["x"] for row in result.good] == values


@settings(max_examples=examples(15), deadline=None)
@given(
    st.lists(st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)), min_size=1, max_size=20), st.integers(-14 * 60, 14 * 60)
)
def test_an_instant_written_with_its_offset_comes_back_the_same(moments, minutes):
    zone = timedelta(minutes=minutes)
    rows = [
        ((m + zone).isoformat() + f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}",)
        for m in moments
    ]
    result = judge(contract(column("x", Kind.TIMESTAMP)), rows)
    assert result.verdicts["type:x"].outcome is Outcome.PASS
    assert [datetime.fromisoformat(row["x"]) for row in result.good] == [m.replace(tzinfo=UTC) for m in moments]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]
)
@settings(max_examples=examples(8), deadline=None)
@given(data=st.data())
def test_local_times_become_the_instants_that_zoneinfo_says(zone, data):
    near = st.builds(lambda day, minute: day + timedelta(minutes=minute), st.sampled_from(_days(zone)), st.integers(-240, 240))
    anywhere = st.datetimes(datetime(1901, 1, 1), datetime(2099, 1, 1))
    moments = data.draw(st.lists(near | anywhere, min_size=60, max_size=60))
    assert _by_sql(moments, zone) == [_by_zoneinfo(moment, ZoneInfo(zone)) for moment in moments]


def _days(zone):
    """Local midnights of the days on which the offset changes, and one more."""
    rules, first = ZoneInfo(zone), datetime(1940, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=d) for d in range(58_000)]
    return [d.replace(tzinfo=None) for d in days if rules.utcoffset(d) != rules.utcoffset(d + timedelta(days=1))] + [
        datetime(2026, 1, 1)
    ]


def _by_zoneinfo(moment, zone):
    early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    unique = early.utcoffset() == late.utcoffset()
    return early.astimezone(UTC).replace(tzinfo=None) if unique else None


def _by_sql(moments, zone):
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT unnest(?::TIMESTAMP[]) AS moment", [moments])
    return [row[0] for row in con.execute(f"SELECT {to_utc('moment', zone)} FROM t").fetchall()]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@settings(max_examples=examples(60), deadline=None)
def test_quoting_lets_nothing_out(anything):
    con = duckdb.connect()
    cursor = con.execute(f"SELECT {literal(anything)} AS {identifier(anything)}")
    assert (cursor.description[0][0], cursor.fetchone()[0]) == (anything, anything)
