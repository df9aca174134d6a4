"""What a query writes to temporary files: of a masked column no raw value, ever."""

import resource
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from deltalake import write_deltalake

from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.engines.embedded.spills import can_encrypt
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.checking.subject import Request, open_subject
from lakeward.flows.serving.connection import open_connection
from lakeward.grading.grade import Grade
from support.served_lake import column_grade, make_lake

ROWS = 500_000
# Each phone begins so, and nothing else does.
MARK = b"QQ1990"
SORTED = "SELECT count(*) FROM (SELECT {key}, filler, order_id FROM silver.orders ORDER BY filler, {key} LIMIT 100000000) WHERE {key} <> ''"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    settings = make_lake(tmp_path_factory.mktemp("spills") / "plant")
    for name, key in (("orders", "phone"), ("drafts", "machine")):
        contract = settings.start / "expectations" / "datasets" / name / "contract.odcs.yaml"
        contract.write_text(contract.read_text().replace("name: note", "name: filler"), encoding="utf-8")
        rows = duckdb.sql(f"""SELECT CAST(i AS VARCHAR) AS order_id,
            '{MARK.decode()}' || lpad(CAST(i * 7919 % 10000000 AS VARCHAR), 7, '0') AS {key},
            md5(CAST(i AS VARCHAR)) || md5(CAST(i + 1 AS VARCHAR)) AS filler FROM range({ROWS}) AS r(i)""")
        folder = settings.start / "lake" / "silver" / name
        shutil.rmtree(folder)
        write_deltalake(folder, rows.to_arrow_table())
    return replace(settings, memory="60MB")


def grades(_, contract):
    """`orders.phone` is masked for an analyst; `drafts` is wholly clear."""
    phone = column_grade(Grade.GENERAL, "personal.phone")
    plain = column_grade(Grade.GENERAL)
    return {c.name: phone if (contract.name, c.name) == ("orders", "phone") else plain for c in contract.columns}


@contextmanager
def watched(settings: Settings):
    """Look into every temporary file while a query runs; yields [bytes of the largest, raw values found]."""
    found, ended = [0, 0], threading.Event()

    def look() -> None:
        while not ended.is_set():
            for file in (settings.start / "lake").rglob(".scratch/**/*"):
                try:
                    content = file.read_bytes()
                except OSError:
                    continue
                found[:] = max(found[0], len(content)), max(found[1], content.count(MARK))
            ended.wait(0.01)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def ask(settings: Settings, query: str):
    with open_connection(settings, "analyst", grades) as con, watched(settings) as found:
        return con.sql(query).fetchone(), found


@pytest.fixture
def without_module(monkeypatch):
    """As on a machine without the extra."""
    monkeypatch.setitem(sys.modules, "duckdb_extension_httpfs", None)
    can_encrypt.cache_clear()
    yield
    can_encrypt.cache_clear()


def test_spilled_values_of_masked_columns_are_encrypted(lake):
    assert can_encrypt()
    answer, (largest, raw) = ask(lake, SORTED.format(key="phone"))
    assert answer == (ROWS,)
    assert largest > 1_000_000
    assert raw == 0


def test_without_the_module_a_query_of_masked_columns_does_not_spill(lake, without_module):
    with open_connection(lake, "analyst", grades) as con, watched(lake) as found:
        for parameters in (None, {"least": "0"}):
            where = " WHERE order_id > $least" if parameters else ""
            with pytest.raises(MachineError) as raised:
                con.sql(SORTED.format(key="phone").replace("silver.orders", f"silver.orders{where}"), parameters).fetchone()
            assert raised.value.code == "query_memory_masked"
            assert "spill" in raised.value.render(lake.lang)
        assert con.sql("SELECT count(*) FROM silver.orders WHERE phone LIKE '***%'").fetchone() is not None
    assert found == [0, 0]


def test_without_the_module_a_query_of_clear_tables_spills_as_before(lake, without_module):
    query = SORTED.format(key="machine").replace("orders", "drafts")
    answer, (largest, _) = ask(lake, query)
    assert answer == (ROWS,)
    assert largest > 1_000_000


def test_without_the_module_both_kinds_of_tables_can_be_joined(lake, without_module):
    with open_connection(lake, "analyst", grades) as con:
        assert con.sql("SELECT count(*) FROM silver.drafts").fetchone() == (ROWS,)
        joined = "SELECT count(*) FROM silver.orders AS o JOIN silver.drafts AS d USING (order_id) WHERE order_id = '7'"
        assert con.sql(joined).fetchone() == (1,)
        assert {row[0] for row in con.sql("SHOW TABLES").fetchall()} == {"orders", "drafts"}


def spill_in_an_engine(settings: Settings):
    """What `check` and `suggest` may do on columns that their reader may not see in clear."""
    with open_workspace(settings).engine() as engine, watched(settings) as found:
        engine.protect_spills()
        assert engine.fetch("SELECT current_setting('temp_file_encryption') AS is_on") == [{"is_on": can_encrypt()}]
        return engine.fetch(SORTED.format(key="phone"))[0].popitem()[1], found


def test_an_engine_that_reads_hidden_columns_spills_no_value_in_clear(lake):
    answer, (largest, raw) = spill_in_an_engine(lake)
    assert (answer, largest > 1_000_000, raw) == (ROWS, True, 0)


def test_without_the_module_an_engine_that_reads_hidden_columns_does_not_spill(lake, without_module):
    with pytest.raises(MachineError) as raised:
        spill_in_an_engine(lake)
    assert raised.value.code == "query_memory_masked"


def test_check_of_a_table_with_hidden_columns_protects_its_engine(lake):
    with open_subject("silver.orders", lake, Request("check", "analyst")) as (engine, _):
        assert engine.fetch("SELECT current_setting('temp_file_encryption') AS is_on") == [{"is_on": True}]


def test_a_full_disk_ends_a_query_in_a_clear_error(lake):
    """A file may become no larger than 100 KB: the system says so in the words of a full disk's kind."""
    with open_connection(lake, "analyst", grades) as con:
        before = resource.prlimit(0, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            for read in (lambda rows: rows.fetchone(), lambda rows: rows.arrow()):
                with pytest.raises(MachineError) as full:
                    read(con.sql(SORTED.format(key="phone")))
                assert full.value.code == "query_disk_full"
                assert str(lake.start) not in str(full.value)
        finally:
            resource.prlimit(0, resource.RLIMIT_FSIZE, before)
        assert con.sql("SELECT 1").fetchone() == (1,)


def test_temporary_files_are_gone_with_the_session(lake):
    ask(lake, SORTED.format(key="phone"))
    assert [file for file in Path(lake.start / "lake").rglob("serving/**/*") if file.is_file()] == []
