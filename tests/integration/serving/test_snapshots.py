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


def spread(lake, files, partition_by):
    """The table anew, with as many rows and files, or with files in folders by machine; its rows."""
    rows = DeltaTable(folder(lake)).to_pyarrow_table().take([0] * 20 + [2])
    names = [f"B{number}" for number in range(20)] + ["none"]
    rows = rows.set_column(rows.schema.get_field_index("order_id"), "order_id", [names])
    shutil.rmtree(folder(lake))
    step = -(-rows.num_rows // files)
    for start in range(0, rows.num_rows, step):
        write_deltalake(folder(lake), rows.slice(start, step), mode="append", partition_by=partition_by)
    return rows.num_rows


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("files", "partition_by"), [(2, None), (21, None), (3, ["machine"])])
def test_filters_hold_by_whomever_files_are_chosen(lake, files, partition_by):
    """Of few files all are opened; of many, and of partitions, Delta chooses them."""
    number = spread(lake, files, partition_by)
    filters = {
        "order_id = 'B7'": 1,
        "order_id IN ('B1', 'B19', 'C')": 2,
        "order_id BETWEEN 'B1' AND 'B19'": 11,
        "phone IS NULL": 1,
        "phone LIKE '199***%' AND order_id > 'B18'": 9,
        "machine = 'M1' AND order_id <> 'none'": 20,
        "order_id = (SELECT max(order_id) FROM silver.orders)": 1,
        "opened_at > '2000' OR order_id = 'none'": 21,
    }
    with open_connection(lake, "analyst", grades_of) as con:
        for _ in range(3):
            found = {text: con.sql(f"SELECT count(*) FROM silver.orders WHERE {text}").fetchone()[0] for text in filters}
            assert found == filters
        assert con.sql("SELECT count(*) FROM silver.orders").fetchone() == (number,)
        assert kept(con) == {"silver.orders"}


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
