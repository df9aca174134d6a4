"""Windows end where as many rows as the contract says have come, whatever the watermark's values look like."""

import time

import pytest

from integration.sql.test_sql_watermarks import drain, insert, landed_ids, open_table
from support.sql_plant import TABLE


def segment_ids(table):
    """The ids of each segment, in order."""
    import pyarrow.parquet as pq

    return [sorted(pq.read_table(one.path, columns=["id"])["id"].to_pylist()) for one in table.inputs(0, table.store.newest())]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("mode", "column", "starts"),
    [("xid8", "xid", range(1, 64, 7)), ("lookback", "id", range(1, 64, 10)), ("lookback", "ts", range(1, 57, 7))],
)
def test_windows_are_bounded_and_meet_without_a_gap(tmp_path, database, mode, column, starts):
    database.execute(TABLE)
    for first in range(1, 60, 7):
        insert(database, *range(first, first + 7), ts=f"timestamptz '2026-01-01' + {first} * interval '1 minute'")
    table = open_table(tmp_path, database, mode, column, lookback=0, window_rows=10)
    drain(table)
    segments = segment_ids(table)
    assert [ids[0] for ids in segments] == list(starts)  # rows of the newest time come on top of the last window
    assert [number for ids in segments for number in ids] == list(range(1, 64))


def test_windows_of_numbers_end_by_their_size_and_not_by_their_text(tmp_path, database):
    database.execute(TABLE)
    ids = [-100, -99, -9, -1, 0, 8, 9, 10, 99, 100, 1000]
    insert(database, *ids)
    table = open_table(tmp_path, database, "lookback", "id", window_rows=2)
    drain(table)
    assert segment_ids(table) == [[-100, -99], [-9, -1], [0, 8], [9, 10], [99, 100, 1000]]  # the newest comes on top


def test_a_run_over_numbers_that_gain_a_digit_comes_to_its_end(tmp_path, database):
    database.execute(TABLE)
    insert(database, 98, 99)
    start = drain(open_table(tmp_path, database, "lookback", "id", window_rows=2))
    insert(database, 100, 101, 102)
    table = open_table(tmp_path, database, "lookback", "id", window_rows=2)
    drain(table, start)
    assert segment_ids(table) == [[98, 99], [100], [101, 102]]


def test_windows_of_transactions_end_by_their_number_and_not_by_its_text(tmp_path, database):
    database.execute(TABLE)
    numbers = [8, 9, 10, 11, 99, 100, 101]
    for number in numbers:
        database.execute(f"INSERT INTO readings VALUES ({number}, now(), 0, '{number}')")
    table = open_table(tmp_path, database, window_rows=2)
    drain(table)
    assert segment_ids(table) == [numbers[at : at + 2] for at in range(0, 7, 2)]


def test_one_transaction_of_more_rows_than_a_window_is_one_window(tmp_path, database):
    database.execute(TABLE, "INSERT INTO readings SELECT n, now(), n FROM generate_series(1, 500) AS n")
    insert(database, 501)
    assert drain(open_table(tmp_path, database, window_rows=10)) == 2
    assert sorted(landed_ids(open_table(tmp_path, database))) == list(range(1, 502))


@pytest.mark.parametrize("odd", ["NaN", "Infinity"])
def test_a_number_that_has_no_place_among_the_others_hides_no_later_row(tmp_path, database, odd):
    database.execute("CREATE TABLE readings (id bigint, ts timestamptz, value numeric)")
    database.execute(f"INSERT INTO readings VALUES (1, now(), 1.5), (2, now(), '{odd}')")
    start = drain(open_table(tmp_path, database, "lookback", "value"))
    database.execute(f"INSERT INTO readings VALUES (3, now(), 2.5), (4, now(), '{odd}')")
    start = drain(open_table(tmp_path, database, "lookback", "value"), start)
    assert drain(open_table(tmp_path, database, "lookback", "value"), start) == start
    assert landed_ids(open_table(tmp_path, database)) == [1, 2, 3, 4]


def test_windows_of_decimals_end_within_whole_numbers_and_below_zero(tmp_path, database):
    database.execute("CREATE TABLE readings (id bigint, ts timestamptz, value numeric)")
    values = [f"-10.{number}" for number in range(9, 0, -1)] + ["123456789012345678901234567890.25", "1e40"]
    database.execute(f"INSERT INTO readings VALUES {', '.join(f'({at}, now(), {value})' for at, value in enumerate(values))}")
    start = drain(open_table(tmp_path, database, "lookback", "value", window_rows=3))
    assert segment_ids(open_table(tmp_path, database)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10]]
    database.execute("INSERT INTO readings VALUES (11, now(), 1e40 + 0.5), (12, now(), 1e40 - 0.5)")
    drain(open_table(tmp_path, database, "lookback", "value", lookback=1, window_rows=3), start)
    assert sorted(landed_ids(open_table(tmp_path, database))) == list(range(13))


def test_windows_of_numbers_are_found_by_the_index(tmp_path, database):
    """A scan from the first row would cost each poll as much as the table is long."""
    database.execute(TABLE, "INSERT INTO readings SELECT n, now(), 0 FROM generate_series(1, 20000) AS n")
    start = drain(open_table(tmp_path, database, "lookback", "id", lookback=10))
    before = pages_read(database)
    insert(database, 20001)
    drain(open_table(tmp_path, database, "lookback", "id", lookback=10), start)
    assert pages_read(database) - before < 60


def pages_read(database):
    """Pages of the table and its index that were read so far; the statistics come with a delay of each session's end."""
    query = "SELECT heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit FROM pg_statio_user_tables"
    found = None
    while found != (found := int(database.execute(f"SELECT pages::text FROM ({query}) AS t (pages)")[0][0])):
        time.sleep(0.3)
    return found
