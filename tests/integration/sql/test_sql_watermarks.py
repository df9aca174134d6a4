"""Rows of writers that commit late and out of order: none is missed under xid8; with a look back, those that come later than it says."""

import random
import threading
import time

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import SqlSource, Watermark, WatermarkMode
from lakeward.core.connections import parse_connection
from lakeward.core.errors import DefinitionError, MachineError
from lakeward.core.messages import Lang
from lakeward.sources.protocols import BatchLimit
from lakeward.sources.segments import SegmentSource
from lakeward.sources.sql.source import SqlTable
from support.sql_plant import TABLE

FOREVER = BatchLimit(bytes=1 << 40)


def open_table(root, database, mode="xid8", column="xid", *, lookback=0, window_rows=2_000_000, version="1.0.0"):
    return SqlTable(
        segments=SegmentSource(dataset="readings", landing=root / "landing", format=FileFormat.PARQUET),
        source=SqlSource(
            connection="historian",
            table=("public", "readings"),
            watermark=Watermark(column=column, mode=WatermarkMode(mode), lookback=lookback),
            window_rows=window_rows,
        ),
        names=("id", "ts", "value"),
        zone="Asia/Shanghai",
        contract_version=version,
        folder=root,
        connect=lambda name: parse_connection(name, database.url, "test", root),
    )


def drain(table, start=0):
    """The end of what one run plans, batch by batch."""
    table.receive()
    while (end := table.plan(start, FOREVER)) > start:
        start = end
    return start


def landed_ids(table):
    import pyarrow.parquet as pq

    end = table.store.newest()
    return [number for one in table.inputs(0, end) for number in pq.read_table(one.path, columns=["id"])["id"].to_pylist()]


def insert(database, *ids, ts="now()"):
    values = ", ".join(f"({number}, {ts}, 0)" for number in ids)
    database.execute(f"INSERT INTO readings (id, ts, value) VALUES {values}")


def write_late(database, first, count, seconds, dice):
    """Insert rows, each in a transaction that stays open for a random while."""
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(f"{database.url}?sslmode=disable") as session, session.cursor() as cursor:
        for number in range(first, first + count):
            cursor.execute(f"INSERT INTO readings (id, ts, value) VALUES ({number}, clock_timestamp(), 0)")
            time.sleep(dice.uniform(0, seconds))
            session.rollback() if dice.random() < 0.1 else session.commit()


def read_while_writing(database, table_of, writers, rows, seconds):
    """Run `writers` beside a reader that never rests; returns what it landed, and what the table has in the end."""
    dice = random.Random(20261130)
    threads = [threading.Thread(target=write_late, args=(database, 1 + rows * n, rows, seconds, dice)) for n in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drain(table_of(), table_of().store.newest())
    drain(table_of(), table_of().store.newest())
    return landed_ids(table_of()), [row[0] for row in database.execute("SELECT id FROM readings ORDER BY id")]


@pytest.mark.parametrize(
    ("writers", "rows"), [(4, 40), pytest.param(8, 500, marks=[pytest.mark.exhaustive, pytest.mark.timeout(900)])]
)
def test_no_row_is_missed_or_landed_twice_under_xid8(tmp_path, database, writers, rows):
    database.execute(TABLE)
    found, expected = read_while_writing(database, lambda: open_table(tmp_path, database), writers, rows, 0.05)
    assert sorted(found) == expected
    assert len(expected) > writers * rows / 2


def test_a_time_alone_as_watermark_misses_what_commits_late(tmp_path, database):
    """That the test above can fail, and why there is a look back."""
    database.execute(TABLE)
    with database.session() as session, session.cursor() as cursor:
        cursor.execute("INSERT INTO readings VALUES (1, clock_timestamp() - interval '1 second', 0)")
        insert(database, 2)
        start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=0))
        session.commit()
    drain(open_table(tmp_path, database, "lookback", "ts", lookback=0), start)
    assert landed_ids(open_table(tmp_path, database)) == [2]


@pytest.mark.exhaustive
def test_a_look_back_longer_than_any_commit_misses_nothing_and_lands_each_row_once(tmp_path, database):
    database.execute(TABLE)
    found, expected = read_while_writing(
        database, lambda: open_table(tmp_path, database, "lookback", "ts", lookback=30), writers=4, rows=40, seconds=0.05
    )
    assert sorted(found) == expected


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("late", "is_found"), [(0, True), (59, True), (60, True), (61, False), (3600, False)])
def test_the_bound_of_a_look_back_is_what_the_contract_says(tmp_path, database, late, is_found):
    database.execute(TABLE)
    insert(database, 1, ts="'2026-01-01 12:00:00+00'")
    start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=60))
    insert(database, 2, ts=f"timestamptz '2026-01-01 12:00:00+00' - interval '{late} seconds'")
    drain(open_table(tmp_path, database, "lookback", "ts", lookback=60), start)
    assert (2 in landed_ids(open_table(tmp_path, database))) is is_found


def test_a_clock_that_is_ahead_hides_no_later_row(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1, ts="'2099-01-01'")
    start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=60))
    insert(database, 2)
    insert(database, 3, ts="'2098-01-01'")
    start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=60), start)
    assert sorted(landed_ids(open_table(tmp_path, database))) == [1, 2, 3]
    assert drain(open_table(tmp_path, database, "lookback", "ts", lookback=60), start) == start


def test_changed_rows_in_the_look_back_are_landed_again_and_equal_ones_are_not(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1, 2, 3)
    start = drain(open_table(tmp_path, database, "lookback", "id", lookback=10))
    database.execute("UPDATE readings SET value = 'NaN' WHERE id = 2")
    start = drain(open_table(tmp_path, database, "lookback", "id", lookback=10), start)
    start = drain(open_table(tmp_path, database, "lookback", "id", lookback=10), start)
    assert landed_ids(open_table(tmp_path, database)) == [1, 2, 3, 2]


def test_equal_rows_without_a_key_are_counted_and_none_is_lost(tmp_path, database):
    database.execute("CREATE TABLE readings (id bigint, ts timestamptz, value float8)")
    insert(database, 1, 1, ts="'2026-01-01'")
    start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=60))
    insert(database, 1, 2, ts="'2026-01-01'")
    database.execute("INSERT INTO readings VALUES (7, NULL, NULL), (7, NULL, NULL)")
    start = drain(open_table(tmp_path, database, "lookback", "ts", lookback=60), start)
    assert drain(open_table(tmp_path, database, "lookback", "ts", lookback=60), start) == start
    assert sorted(landed_ids(open_table(tmp_path, database))) == [1, 1, 1, 2, 7, 7]


def test_an_open_transaction_holds_back_what_follows_it_and_loses_nothing(tmp_path, database):
    database.execute(TABLE)
    with database.session() as session, session.cursor() as cursor:
        cursor.execute("INSERT INTO readings VALUES (1, now(), 0)")
        insert(database, 2)
        assert drain(open_table(tmp_path, database)) == 0
        session.commit()
    assert drain(open_table(tmp_path, database)) == 1
    assert sorted(landed_ids(open_table(tmp_path, database))) == [1, 2]


def code_of(call):
    with pytest.raises((DefinitionError, MachineError)) as failed:
        call()
    assert all(failed.value.render(lang) for lang in Lang)
    return failed.value.code


def test_what_a_watermark_can_not_find_stops_the_run(tmp_path, database):
    database.execute(TABLE, "ALTER TABLE readings ALTER xid DROP NOT NULL")
    insert(database, 1)
    database.execute("INSERT INTO readings VALUES (2, now(), 0, NULL)")
    assert code_of(open_table(tmp_path, database).receive) == "sql_watermark_null"
    database.execute("UPDATE readings SET xid = '99999999' WHERE id = 2")  # as in a dump of another server
    assert code_of(open_table(tmp_path, database).receive) == "sql_foreign_transactions"
    database.execute("DELETE FROM readings WHERE id = 2")
    assert drain(open_table(tmp_path, database)) == 1
    assert code_of(open_table(tmp_path, database, "lookback", "value").receive) == "sql_other_watermark"
    assert code_of(open_table(tmp_path / "b", database, "lookback", "value").receive) == "sql_watermark_type"
    assert code_of(open_table(tmp_path / "b", database, "xid8", "id").receive) == "sql_watermark_type"


def test_a_column_that_is_gone_or_has_another_type_stops_the_run(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1)
    start = drain(open_table(tmp_path, database))
    database.execute("ALTER TABLE readings ALTER value TYPE numeric(10, 2)")
    insert(database, 2)
    assert code_of(open_table(tmp_path, database).receive) == "sql_type_changed"
    drain(open_table(tmp_path, database, version="1.1.0"), start)
    assert sorted(landed_ids(open_table(tmp_path, database))) == [1, 2]
    database.execute("ALTER TABLE readings DROP value")
    insert_two = "INSERT INTO readings VALUES (3, now())"
    database.execute(insert_two)
    assert code_of(open_table(tmp_path, database, version="1.1.0").receive) == "sql_column_missing"
    database.execute("DROP TABLE readings")
    assert code_of(open_table(tmp_path, database).receive) == "sql_table_unknown"
