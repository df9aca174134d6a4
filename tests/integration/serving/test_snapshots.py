"""A kept snapshot is never older than the newest commit, shows nothing that the view of the log does not, and is left behind by queries."""

import shutil
import threading

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from lakeward.core.errors import LakewardError
from lakeward.flows.serving.connection import open_connection
from support.served_lake import grades_of, make_lake

COUNT = "select count(*), max(phone) from silver.orders"


@pytest.fixture
def lake(tmp_path):
    return make_lake(tmp_path / "plant")


def folder(lake):
    return lake.start / "lake/silver/orders"


def append(lake, order_id="B1"):
    rows = DeltaTable(folder(lake)).to_pyarrow_table().slice(0, 1)
    at = rows.schema.get_field_index("order_id")
    write_deltalake(folder(lake), rows.set_column(at, rows.schema.field(at), [[order_id]]), mode="append")


def kept(con):
    return {name for database in con._session._databases.values() for name in database.snapshots._kept}


def test_a_version_that_is_read_again_is_kept_and_a_new_one_is_seen_at_once(lake):
    with open_connection(lake, "analyst", grades_of) as con:
        assert (con.sql(COUNT).fetchone()[0], kept(con)) == (3, set())
        assert (con.sql(COUNT).fetchone()[0], kept(con)) == (3, {"silver.orders"})
        waiting = con.sql(COUNT)
        for number in range(4, 9):
            append(lake, f"B{number}")
            assert waiting.fetchone()[0] == number
            for _ in range(3):
                assert con.sql(COUNT).fetchone()[0] == number
        assert kept(con) == {"silver.orders"}


def test_a_table_that_is_made_anew_with_as_many_versions_is_another_one(lake):
    with open_connection(lake, "analyst", grades_of) as con:
        append(lake)
        for _ in range(3):
            assert con.sql(COUNT).fetchone()[0] == 4
        rows = DeltaTable(folder(lake)).to_pyarrow_table()
        shutil.rmtree(folder(lake))
        write_deltalake(folder(lake), rows.slice(0, 1))
        write_deltalake(folder(lake), rows.slice(1, 1), mode="append")
        assert DeltaTable(folder(lake)).version() == 1
        for _ in range(3):
            assert con.sql(COUNT).fetchone()[0] == 2


def test_a_table_that_is_gone_is_an_error_and_never_its_last_rows(lake):
    with open_connection(lake, "analyst", grades_of) as con:
        for _ in range(3):
            con.sql(COUNT).fetchone()
        waiting = con.sql(COUNT)
        folder(lake).rename(lake.start / "moved")
        for _ in range(2):
            with pytest.raises(LakewardError) as refused:
                con.sql(COUNT).fetchone()
            assert refused.value.code == "query_failed"
            assert str(lake.start) not in str(refused.value)
        with pytest.raises(LakewardError):
            waiting.fetchone()
        (lake.start / "moved").rename(folder(lake))
        for _ in range(3):
            assert con.sql(COUNT).fetchone()[0] == 3


def test_snapshots_are_named_nowhere_and_can_be_asked_for_by_no_name(lake):
    listed = ("SHOW ALL TABLES", "SHOW TABLES", "DESCRIBE silver.orders", "SELECT * FROM (SHOW ALL TABLES)")
    with open_connection(lake, "analyst", grades_of) as con:
        before = [con.sql(text).fetchall() for text in listed]
        for _ in range(3):
            con.sql(COUNT).fetchone()
        assert kept(con) == {"silver.orders"}
        assert [con.sql(text).fetchall() for text in listed] == before
        for name in ("snapshot_1", "snapshot_1.main.snapshot_1", "snapshot_1.snapshot_1", "main.snapshot_1", "snapshot_1.orders"):
            with pytest.raises(LakewardError) as refused:
                con.sql(f"SELECT * FROM {name}")
            assert refused.value.code == "query_table_refused"


@pytest.mark.exhaustive
def test_queries_that_run_while_tables_grow_see_whole_versions(lake):
    """Each version has one row more, with its own number: a count and a sum that do not fit would be of two versions."""
    text = "select count(*), count(distinct order_id) from silver.orders"
    with open_connection(lake, "analyst", grades_of) as con:
        ended, faults, seen = threading.Event(), [], []

        def read():
            while not ended.is_set():
                try:
                    rows, orders = con.sql(text).fetchone()
                    seen.append(rows)
                    if rows != orders:
                        faults.append((rows, orders))
                except duckdb.Error as error:
                    faults.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(40):
            append(lake, f"C{number}")
        ended.set()
        thread.join()
        assert faults == []
        assert seen == sorted(seen)
        assert con.sql(text).fetchone()[0] == 43
