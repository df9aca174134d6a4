"""No query is forgotten: an entry is on the disk before its rows leave, and outlives its session."""

import json
import signal

import pytest

from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving import session_entries
from support.processes import quick_processes
from support.served_lake import connect_as, make_lake, query_and_die


@pytest.fixture
def settings(tmp_path):
    return make_lake(tmp_path)


def entries(settings):
    with open_workspace(settings).engine() as engine:
        return [(row["session_id"], row["seq"]) for row in governance.read_rows(engine, "access_log", order="session_id, seq")]


def test_an_entry_is_on_the_disk_before_its_rows_leave_and_in_the_table_after_the_session(settings):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()
        session, (file,) = con._log.session_id, con._log.folder.glob("*.jsonl")
        assert [json.loads(line)["seq"] for line in file.read_text().splitlines()] == [1]
        assert entries(settings) == []
    assert entries(settings) == [(session, 1)]
    assert not file.exists()


@pytest.mark.exhaustive
def test_a_long_session_is_committed_as_it_goes(settings):
    with connect_as(settings) as con:
        for _ in range(session_entries.COMMIT_EVERY + 1):
            con.sql("select 1").fetchall()
        assert len(entries(settings)) == session_entries.COMMIT_EVERY
    assert [seq for _, seq in entries(settings)] == list(range(1, session_entries.COMMIT_EVERY + 2))


def test_what_a_killed_session_left_is_committed_by_the_next_one_and_only_once(settings):
    process = quick_processes().Process(target=query_and_die, args=(settings.start,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert entries(settings) == []

    for _ in range(2):
        connect_as(settings).close()

    assert [seq for _, seq in entries(settings)] == [1]


def test_a_session_that_lives_is_left_alone(settings):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()
        connect_as(settings).close()
        assert entries(settings) == []
        con.sql("from silver.orders").fetchall()
    assert [seq for _, seq in entries(settings)] == [1, 2]


@pytest.mark.exhaustive
def test_an_entry_that_was_committed_before_a_kill_is_not_committed_again(settings):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()
        kept = next(con._log.folder.glob("*.jsonl"))
        text = kept.read_bytes()
    kept.write_bytes(text + text[:20])

    connect_as(settings).close()

    assert [seq for _, seq in entries(settings)] == [1]
    assert not kept.exists()
