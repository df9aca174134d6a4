"""What the files of a batch say of its rows, and of which files nothing is believed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import Layer, TableName
from lakeward.engines.embedded.file_rows import FilesWithin
from lakeward.engines.tables import ColumnStatistics, TableColumn, TableSpec
from support.small_tables import COLUMNS, rows, txn

NAME = TableName(Layer.BRONZE, "press_line")
SPEC = TableSpec(NAME, (*COLUMNS, TableColumn("_batch_seq", DataType(Kind.INTEGER))))


def append(engine, seq, query):
    engine.append(SPEC, f"SELECT *, {seq}::BIGINT AS _batch_seq FROM ({query})", txn(seq))


@pytest.fixture
def two(engine):
    """Batches 1 and 2, a file each."""
    append(engine, 1, rows(0, 4))
    append(engine, 2, rows(10, 12, 5.5))
    return engine


def test_a_batch_is_known_by_its_own_file(two):
    known = two.statistics(NAME, 2)
    assert known.rows == 2
    assert known.columns["id"] == ColumnStatistics(0, 10, 11)
    assert known.columns["温度"] == ColumnStatistics(0, 5.5, 5.5)
    assert known.columns["cost"].low == Decimal("3.3333")
    assert known.columns["note"] == ColumnStatistics(2)


def test_bounds_of_times_are_no_narrower_than_the_times(two):
    times = two.statistics(NAME, 1).columns["ts"]
    assert times.low == datetime(2026, 3, 1, tzinfo=UTC)
    assert times.high == datetime(2026, 3, 1, 3, 0, 0, 1000, tzinfo=UTC)


@pytest.mark.parametrize("value", ["'nan'", "'inf'", "'-inf'"])
def test_bounds_of_numbers_that_are_none_are_not_known(engine, value):
    append(engine, 1, rows(0, 4))
    append(
        engine, 2, f'SELECT * REPLACE (CASE WHEN id = 11 THEN {value}::DOUBLE ELSE "温度" END AS "温度") FROM ({rows(10, 14)})'
    )
    assert engine.statistics(NAME, 2).columns["温度"] == ColumnStatistics(0)


def test_a_file_of_two_batches_says_nothing_of_one(two):
    append(two, 3, rows(20, 24))
    mixed = f"SELECT * REPLACE (id - 28 AS _batch_seq) FROM (SELECT *, 0 AS _batch_seq FROM ({rows(30, 34)}))"
    two.append(SPEC, mixed, txn(4))  # batches 2 to 5 in one file
    assert two.statistics(NAME, 3) is None
    assert two.statistics(NAME, 1).rows == 4


def test_two_files_of_one_batch_are_taken_together(two):
    two.append(SPEC, f"SELECT *, 2::BIGINT AS _batch_seq FROM ({rows(40, 42, 7)})", txn(5))
    known = two.statistics(NAME, 2)
    assert (known.rows, known.columns["id"], known.columns["温度"]) == (
        4,
        ColumnStatistics(0, 10, 41),
        ColumnStatistics(0, 5.5, 7.0),
    )


def test_nothing_is_known_of_what_is_not_there(two):
    assert two.statistics(NAME, 9) is None
    assert two.statistics(TableName(Layer.BRONZE, "other"), 1) is None


def test_rows_of_a_batch_are_counted_and_read_apart_from_others(two):
    assert (two.count(NAME, 1), two.count(NAME, 2), two.count(NAME, 9)) == (4, 2, 0)
    assert [row["id"] for row in two.fetch(f"SELECT id FROM ({two.batch_rows(NAME, 2)}) ORDER BY id")] == [10, 11]
    assert two.fetch(two.batch_rows(NAME, 9)) == []


def test_rows_of_a_batch_are_told_from_others_in_its_file(two):
    two.append(SPEC, f"SELECT *, id - 28 AS _batch_seq FROM ({rows(30, 34)})", txn(3))  # batches 2 to 5 in one file
    assert (two.count(NAME, 2), two.count(NAME, 3)) == (3, 1)
    assert [row["id"] for row in two.fetch(f"SELECT id FROM ({two.batch_rows(NAME, 2)}) ORDER BY id")] == [10, 11, 30]


def test_a_table_that_is_not_there_has_no_rows_of_a_batch(engine):
    assert engine.count(NAME, 1) == 0


MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "apart"),
    [
        (4, 9, True),  # between the hours of the two batches
        (13, 20, True),
        (-5, -1, True),
        (3, 9, False),  # the last hour of the first batch, cut off to milliseconds in the log
        (9, 10.1, False),
        (-5, 30, False),
        (0.5, 0.6, False),  # within a file's bounds, where no row is: not proven
    ],
)
def test_times_that_no_file_reaches_are_known_to_have_no_row(two, first, last, apart):
    hours = [MIDNIGHT + timedelta(hours=hour) for hour in (first, last)]
    assert two.has_no_rows_between(NAME, "ts", *hours) is apart


def test_where_a_time_may_be_missing_or_no_bounds_are_kept_nothing_is_known_to_be_apart(two):
    far = (MIDNIGHT + timedelta(days=9), MIDNIGHT + timedelta(days=10))
    assert two.has_no_rows_between(NAME, "ts", *far)
    append(two, 3, f"SELECT * REPLACE (CASE WHEN id > 20 THEN ts END AS ts) FROM ({rows(20, 24)})")
    assert not two.has_no_rows_between(NAME, "ts", *far)
    assert not two.has_no_rows_between(NAME, "nothing", *far)


def read_within(engine, **bounds):
    """Ids of the rows within the bounds, and of all rows of the files that are looked at for them."""
    rows_within = engine.rows_within(NAME, bounds)
    within = " AND ".join(f"{name} BETWEEN {low} AND {high}" for name, (low, high) in bounds.items())
    found = [engine.fetch(f"SELECT id FROM ({rows_within}) AS found WHERE {where} ORDER BY id") for where in (within, "TRUE")]
    return [[row["id"] for row in each] for each in found]


def test_rows_within_bounds_are_all_found_and_other_files_need_no_look(two):
    append(two, 3, rows(20, 22))
    own, looked_at = read_within(two, _batch_seq=(2, 3), id=(11, 20))
    assert own == [11, 20]
    assert set(looked_at) <= {*range(4), 10, 11, 20, 21}
    if two.name == "embedded":
        assert looked_at == [10, 11, 20, 21]
    assert read_within(two, _batch_seq=(7, 9))[0] == []


def test_a_file_without_bounds_is_looked_at(two):
    two.append(SPEC, f"SELECT *, NULL::BIGINT AS _batch_seq FROM ({rows(30, 31)})", txn(3))
    assert 30 in read_within(two, _batch_seq=(2, 2))[1]


def test_files_older_than_a_column_have_no_value_in_it(two):
    later = TableSpec(NAME, (*SPEC.columns, TableColumn("added", DataType(Kind.INTEGER))))
    two.append(later, f"SELECT *, 3::BIGINT AS _batch_seq, 7::BIGINT AS added FROM ({rows(20, 21)})", txn(3))
    for seqs, expected in (((1, 1), [None]), ((2, 3), [None, 7]), ((3, 3), [7])):
        found = two.fetch(
            f"SELECT DISTINCT added FROM ({two.rows_within(NAME, {'_batch_seq': seqs})}) AS f WHERE _batch_seq BETWEEN {seqs[0]} AND {seqs[1]} ORDER BY 1 NULLS FIRST"
        )
        assert [row["added"] for row in found] == expected
    assert two.fetch(f"SELECT DISTINCT added FROM ({two.batch_rows(NAME, 1)}) AS f") == [{"added": None}]
    assert two.types(NAME)["added"] == DataType(Kind.INTEGER)


def test_a_bound_that_is_the_beginning_of_a_text_leaves_no_file_out():
    files = pa.table({"min.name": ["a", "a", "a"], "max.name": ["line_00", "line_01", "z"]})
    assert FilesWithin({"name": ("line_0042", "line_0042")}).indexes(files) == [0, 1, 2]
    assert FilesWithin({"name": ("zz", "zz")}).indexes(files) == [2]
