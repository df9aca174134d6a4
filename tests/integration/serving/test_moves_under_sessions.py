"""A session that stays open while its lake is moved: it returns no more rows, and what it returned is in the log of the lake that is read."""

import threading

import pytest

from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows import MigrationOptions, migrate, verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.flight_server import Client, code_of, failure
from support.older_projects import unpack_project
from support.served_lake import connect_as, make_lake

READ = "SELECT order_id FROM silver.orders ORDER BY 1"
MOVE = MigrationOptions(to="../moved")


@pytest.fixture
def settings(tmp_path):
    return make_lake(tmp_path / "plant")


def entries(settings):
    """Session, number, verdict and rows of each entry of the lake that the project names."""
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "access_log", order="session_id, seq")
    return [(row["session_id"], row["seq"], row["verdict"], row["rows_out"]) for row in rows]


def commits_of_the_left_lake(settings):
    return sorted(file.name for file in (settings.start / "lake" / "governance").glob("access_log/_delta_log/*.json"))


def test_a_session_over_a_move_ends_and_loses_no_entry(settings):
    con = connect_as(settings)
    session = con._log.session_id
    assert len(con.sql(READ).fetchall()) == len(con.sql(READ).df()) == 3
    bound = con.sql(READ)
    migrate(settings, MOVE)
    before = commits_of_the_left_lake(settings)
    for ask in (bound.fetchall, bound.arrow, lambda: con.sql(READ).fetchone(), lambda: con.sql("SELECT $1", [1]).pl()):
        with pytest.raises(MachineError) as ended:
            ask()
        assert ended.value.code == "session_lake_moved"
        assert str(settings.start) not in str(ended.value)
    con.close()
    assert commits_of_the_left_lake(settings) == before

    with connect_as(settings) as con:
        assert len(con.sql(READ).fetchall()) == 3
        second = con._log.session_id
    expected = [(session, 1, "allowed", 3), (session, 2, "allowed", 3), (second, 1, "allowed", 3)]
    assert sorted(entries(settings)) == sorted(expected)
    assert verify_logs(settings).faults == ()


def test_entries_that_were_committed_before_the_move_are_there_once(settings):
    con = connect_as(settings)
    con.sql(READ).fetchall()
    con._log.commit()
    con.sql(READ).fetchall()
    migrate(settings, MOVE)
    con.close()
    for _ in range(2):
        connect_as(settings).close()
    assert [seq for _, seq, *_ in entries(settings)] == [1, 2]


def test_a_session_goes_on_when_the_move_is_taken_back(settings):
    con = connect_as(settings)
    con.sql(READ).fetchall()
    migrate(settings, MOVE)
    with pytest.raises(MachineError):
        con.sql(READ).fetchall()
    migrate(settings, MigrationOptions(undo=True))
    assert len(con.sql(READ).fetchall()) == 3
    con.close()
    assert [(seq, rows) for _, seq, _, rows in entries(settings)] == [
        (1, 3),
        (2, 3),
        (3, 3),
    ]  # the second is of rows that were kept back
    assert verify_logs(settings).faults == ()


@pytest.mark.exhaustive
def test_a_lake_that_is_upgraded_in_its_place_takes_the_entries_of_an_open_session(tmp_path):
    settings = Settings(start=unpack_project("0_2", tmp_path))
    con = connect_as(settings, "steward")
    con.sql("SELECT 1").fetchall()
    assert migrate(settings, MigrationOptions()).done
    con.sql("SELECT 1").fetchall()
    session = con._log.session_id
    con.close()
    assert [seq for found, seq, *_ in entries(settings) if found == session] == [1, 2]


@pytest.mark.exhaustive
@pytest.mark.parametrize("sessions", [1, 3])
def test_every_answer_beside_a_move_is_in_the_log_of_the_moved_lake(settings, sessions):
    """Sessions read without pause until each is ended by the move, wherever in a read that finds it."""
    found, ended = [], []

    def read_on():
        con = connect_as(settings)
        try:
            while True:
                found.append((con._log.session_id, con._log.seq, len(con.sql(READ).fetchall())))
        except MachineError as error:
            ended.append(error.code)
        con.close()

    threads = [threading.Thread(target=read_on) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    while len(found) < 150 * sessions:  # beyond a commit by number
        threads[0].join(0.01)
    migrate(settings, MOVE)
    for thread in threads:
        thread.join()
    connect_as(settings).close()
    assert set(ended) == {"session_lake_moved"}
    logged = [(session, seq - 1, rows) for session, seq, _, rows in entries(settings) if rows]
    assert set(found) - set(logged) == set()
    assert len(logged) - len(found) in range(sessions + 1)  # of a read whose rows did not leave
    assert verify_logs(settings).faults == ()


@pytest.mark.exhaustive
def test_a_server_over_a_move_returns_no_more_rows_until_it_is_started_again(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    visits = "SELECT visit FROM silver.visits ORDER BY 1"
    rows = client.rows(visits)
    migrate(served.settings, MOVE)
    before = commits_of_the_left_lake(served.settings)
    for ask in (client.rows, client.by_statement, client.by_prepared):
        error = failure(ask, visits)
        assert code_of(error) == "session_lake_moved"
        assert str(served.settings.start) not in str(error)
    served.server.stop()
    assert commits_of_the_left_lake(served.settings) == before
    served.server.start()
    assert Client(served.server, served.accounts["analyst"]).rows(visits) == rows
    served.server.stop()
    logged = [(verdict, out) for _, _, verdict, out in entries(served.settings)]
    assert logged == [("allowed", len(rows))] * 2
    assert verify_logs(served.settings).faults == ()
