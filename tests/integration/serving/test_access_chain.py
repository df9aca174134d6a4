"""Each entry of the access log has the hash of the one before it, and its text can't be guessed."""

import hashlib
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lakeward.core.clock import SystemClock
from lakeward.core.errors import LakewardError
from lakeward.core.names import sha256
from lakeward.flows.base import governance
from lakeward.flows.base.text_key import TEXT_KEY_FILE, project_text_key
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.access import AccessLog
from lakeward.protection.log_entries import FIRST_PREV, HASH, entry_hash, entry_hash_sql, keyed_text_hash
from support.processes import quick_processes
from support.served_lake import connect_as, make_lake, query_and_die

COLUMNS = governance.table_spec("access_log").columns


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("chain"))


def rows_of(settings, session):
    with open_workspace(settings).engine() as engine:
        query = (
            f"SELECT *, {entry_hash_sql(COLUMNS)} AS found FROM governance.access_log WHERE session_id = '{session}' ORDER BY seq"
        )
        return engine.fetch(query)


def test_entries_are_chained_and_the_engine_computes_the_same_hashes(settings):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()
        with pytest.raises(LakewardError):
            con.sql("from bronze.orders")
        con.sql("select count(*) from silver.orders -- 水温 '\"").fetchall()
        session = con._log.session_id
    rows = rows_of(settings, session)
    assert [row["prev"] for row in rows] == [FIRST_PREV, *(row["hash"] for row in rows[:-1])]
    assert [row.pop("found") for row in rows] == [row["hash"] for row in rows] == [entry_hash(row) for row in rows]


@pytest.mark.parametrize(
    "changed",
    [
        {"rows_out": 0},
        {"verdict": "refused"},
        {"principal": "someone"},
        {"asked_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"code": None},
        {"role": "a\nb"},
        {"prev": FIRST_PREV[:-1] + "1"},
        {"verified": True},
    ],
)
def test_every_column_is_under_the_hash(changed):
    row = {"session_id": "s", "seq": 1, "code": "x", "rows_out": 3, "verdict": "allowed", "role": "a", "prev": FIRST_PREV}
    row |= {"verified": False, "asked_at": datetime(2026, 1, 2, tzinfo=UTC)}
    assert entry_hash(row | changed) != entry_hash(row)
    assert entry_hash(row | {"added_later": None, HASH: "x"}) == entry_hash(row)


def test_values_can_not_move_between_columns():
    assert entry_hash({"a": "x\nb:1:y", "b": None}) != entry_hash({"a": "x", "b": "y"})
    assert entry_hash({"a": "", "b": None}) != entry_hash({"a": None, "b": ""})


def test_the_text_of_a_query_is_not_found_by_its_plain_hash_but_by_the_key(settings):
    text = "select count(*) from silver.orders where phone = '19900004321'"
    with connect_as(settings) as con:
        con.sql(text).fetchall()
        session = con._log.session_id
    (row,) = rows_of(settings, session)
    key = bytes.fromhex((settings.start / TEXT_KEY_FILE).read_text())
    assert row["query_sha256"] == ""
    assert sha256(text.encode()) not in json.dumps(row, default=str)
    assert hashlib.sha256(text.encode()).hexdigest()[:32] not in row["query_hmac"]
    assert row["query_hmac"] == keyed_text_hash(key, text)
    assert (settings.start / TEXT_KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path):
    settings = make_lake(tmp_path)
    connect_as(settings).close()
    (tmp_path / TEXT_KEY_FILE).chmod(0o644)
    with pytest.raises(LakewardError) as refused:
        connect_as(settings)
    assert refused.value.code == "log_key_readable"


def test_a_failed_write_leaves_no_gap(settings, monkeypatch):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()

        def fail(_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(LakewardError) as raised:
                con.sql("from silver.orders").fetchall()
        assert raised.value.code == "lake_not_writable"
        con.sql("select 2").fetchall()
        session = con._log.session_id
    rows = rows_of(settings, session)
    assert [row["seq"] for row in rows] == [1, 2]
    assert rows[1]["prev"] == rows[0]["hash"]


def test_the_chain_holds_over_a_kill(tmp_path):
    settings = make_lake(tmp_path)
    process = quick_processes().Process(target=query_and_die, args=(settings.start,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    (session,) = (file.stem for file in (tmp_path / "lake" / ".access").glob("*.jsonl"))
    connect_as(settings).close()
    (row,) = rows_of(settings, session)
    assert row["found"] == row["hash"]


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"null\n", b'{"seq": 1}\n', b"\xff\n", b"[" * 100_000 + b"\n"])
def test_a_damaged_file_is_kept_and_stops_no_session(settings, line):
    folder = settings.start / "lake" / ".access"
    (folder / "00.jsonl").write_bytes(line)
    connect_as(settings).close()
    assert (folder / "00.damaged").read_bytes() == line
    (folder / "00.damaged").unlink()


def test_the_text_key_is_the_same_for_all_that_start_at_once(tmp_path):
    workspace = open_workspace(make_lake(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(project_text_key, [workspace] * 32))
    assert len(keys) == 1
    assert None not in keys


def test_an_entry_costs_less_than_a_millisecond_of_processor(settings):
    with open_workspace(settings).engine() as engine:
        log = AccessLog(
            engine=engine,
            clock=SystemClock(),
            role="r",
            policy="p" * 10_000,
            key_id=None,
            text_key=b"k" * 32,
            folder=settings.start / "lake" / ".access",
        )
        start = time.process_time()
        for _ in range(99):
            log.write("select 1", SystemClock().now(), ["silver.orders"], verdict="allowed")
        used = time.process_time() - start
        log.close()
    assert used / 99 < 0.001
