"""A session may have the database of one that ended: nothing of that one is in it, and one that is not as it was is not used again."""

import os
from contextlib import closing

import duckdb
import pytest

from lakeward.engines import open_engine
from lakeward.engines.embedded.databases import IdleDatabases, plain_database
from lakeward.engines.embedded.engine import EmbeddedEngine

MARK = "default_order"


@pytest.fixture
def sessions(tmp_path):
    """`sessions(memory)`: a new session over one lake, the only one that is open."""
    opened = []

    def new(memory=None):
        while opened:
            opened.pop().close()
        opened.append(open_engine("embedded", str(tmp_path), memory))
        return opened[-1]

    yield new
    opened.pop().close()


def mark(session):
    """Let the session's database be known again."""
    session._con.execute(f"SET GLOBAL {MARK} = 'DESC'")


def is_marked(session):
    shown = session.fetch(f"SELECT current_setting('{MARK}') AS shown")[0]["shown"]
    session._con.execute(f"RESET GLOBAL {MARK}")
    return shown == "DESC"


def settings(session):
    listed = session.fetch("SELECT name, value FROM duckdb_settings() ORDER BY name")
    return {row["name"]: row["value"] for row in listed if row["name"] != MARK}


def test_nothing_of_the_session_before_is_in_its_database(sessions):
    new = settings(sessions())
    first = sessions()
    first.define("batch", "SELECT 1 AS a")
    first.materialise("judged", "SELECT 2 AS a")
    first._con.execute("SET TimeZone = 'Asia/Shanghai'")
    mark(first)

    second = sessions()

    assert is_marked(second)
    assert second.fetch("SELECT * FROM duckdb_tables()") == second.fetch("SELECT * FROM duckdb_views() WHERE NOT internal") == []
    assert settings(second) | {"temp_directory": ""} == new | {"temp_directory": ""}
    assert settings(second)["temp_directory"] == str(second.scratch)


def spill(session):
    session._con.execute("SET memory_limit = '40MB'")
    session.materialise("large", "SELECT range AS r, hash(range) AS h, random() AS x FROM range(2_000_000)")
    assert list(session.scratch.iterdir())


def test_a_session_in_the_database_of_another_writes_temporary_files_where_it_should(sessions):
    mark(sessions())
    second = sessions()
    assert is_marked(second)
    spill(second)


@pytest.mark.parametrize(
    ("memory", "change"),
    [(None, spill), (None, lambda session: session.protect_spills()), ("40MB", lambda _: None)],
    ids=["spilled", "protected", "limited"],
)
def test_a_database_that_is_not_as_it_was_is_not_used_again(sessions, memory, change):
    first = sessions(memory)
    mark(first)
    change(first)
    assert not is_marked(sessions())


def test_two_sessions_at_a_time_have_a_database_each(sessions, tmp_path):
    mark(sessions())
    first = sessions()
    second = open_engine("embedded", str(tmp_path / "other"))
    try:
        assert (is_marked(first), is_marked(second)) == (True, False)
    finally:
        second.close()


def test_a_forked_process_has_none_of_them():
    kept = IdleDatabases("SELECT 1")
    kept.leave(duckdb.connect())
    child = os.fork()
    if child == 0:
        os._exit(0 if kept.take() is None else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_what_a_text_defines_is_gone_for_the_next():
    with plain_database() as con:
        con.execute("CREATE TEMP TABLE received (a BIGINT)")
        con.execute("PRAGMA disable_optimizer")
    with plain_database() as con, pytest.raises(duckdb.CatalogException):
        con.execute("SELECT * FROM received")


def test_a_database_that_a_session_beside_made_encrypt_is_not_kept(tmp_path):
    first = EmbeddedEngine(str(tmp_path / "first"))
    with closing(first), closing(first.new_session()) as beside:
        beside.protect_spills()
    with closing(EmbeddedEngine(str(tmp_path / "later"))) as later:
        assert later._con.execute("SELECT current_setting('temp_file_encryption')").fetchall() == [(False,)]
