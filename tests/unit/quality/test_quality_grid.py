"""Keys proven by bits: never a proof where a key is there twice, and none where the bits would be too many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.engines.tables import ColumnStatistics, RowStatistics
from lakeward.quality.grid import MIN_ROWS
from lakeward.quality.plan import compile_plan
from support.judging import column, contract, expect, rules_of

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
CONTRACT = contract(
    column("machine", required=True),
    column("ts", Kind.TIMESTAMP, required=True),
    column("value", Kind.DOUBLE),
    format_=FileFormat.PARQUET,
    key=("machine", "ts"),
    time="ts",
)
TYPES = {c.name: c.type for c in CONTRACT.columns}


def statistics_of_key(*, rows=MIN_ROWS, nulls=0, last=FIRST + timedelta(hours=1), first=FIRST):
    return RowStatistics(rows, {"machine": ColumnStatistics(0, "A", "B"), "ts": ColumnStatistics(nulls, first, last)})


def plan(statistics, *expectations):
    return compile_plan(CONTRACT, rules_of(CONTRACT, *expectations), TYPES, statistics)


def proven(*rows, last=FIRST + timedelta(hours=1)):
    con = duckdb.connect()
    con.execute("CREATE TABLE batch (machine VARCHAR, ts TIMESTAMPTZ, value DOUBLE)")
    for machine, seconds in rows:
        con.execute("INSERT INTO batch VALUES (?, ?, 1)", [machine, FIRST + timedelta(seconds=seconds)])
    [grid] = plan(statistics_of_key(last=last)).grids
    return con.execute(replace(grid, rows=len(rows)).proof("batch")).fetchone()[0]


def test_readings_at_regular_times_are_proven_distinct():
    assert proven(("A", 0), ("A", 1), ("B", 0), ("B", 3600))


def test_readings_between_the_seconds_are_proven_where_no_second_has_two():
    assert proven(("A", 0.2), ("A", 1.7), ("B", 0.2))


def test_a_repeated_key_is_never_proven_distinct():
    assert not proven(("A", 0), ("A", 1), ("A", 0))


def test_two_readings_of_one_second_are_left_to_their_hashes():
    assert not proven(("A", 0.2), ("A", 0.7))


def test_bounds_within_a_second_make_steps_of_a_millisecond():
    assert proven(("A", 0.2), ("A", 0.7), last=FIRST + timedelta(seconds=1, milliseconds=1))


def test_few_readings_of_many_years_take_as_many_words_as_readings():
    years = 365 * 86_400 * 8
    assert proven(("A", 0), ("B", 0), ("A", years), last=FIRST + timedelta(seconds=years))


@pytest.mark.parametrize(
    "statistics",
    [
        None,
        statistics_of_key(rows=MIN_ROWS - 1),
        statistics_of_key(nulls=1),
        statistics_of_key(first=None, last=None),
        RowStatistics(MIN_ROWS, {"ts": ColumnStatistics(0, FIRST, FIRST)}),
    ],
)
def test_no_grid_where_it_would_not_pay_or_not_hold(statistics):
    assert plan(statistics).grids == ()


def test_what_a_grid_proves_is_not_hashed_again():
    unique = expect("compound_columns_to_be_unique", column_list=["machine", "ts", "value"])
    judging = plan(statistics_of_key(), unique)
    [grid, *_] = judging.grids
    assert "hash(" in judging.facts_select("batch")
    assert "hash(" not in judging.facts_select("batch", distinct=[grid.key])
