"""Handles that a session holds on its tables: each look sees what others committed since, also where a table was made again."""

import shutil

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import MachineError
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import literal
from lakeward.engines import EnginePool, open_engine
from lakeward.engines.delta.handle_stock import HandleStock
from lakeward.engines.delta.open_tables import commit_actions
from lakeward.engines.tables import TableColumn, TableSpec, Txn

# What Python takes for ends of lines besides a line feed.
ENDS_OF_LINES = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"
SPEC = TableSpec(TableName(Layer.GOVERNANCE, "notes"), (TableColumn("text", DataType(Kind.STRING)),))


@pytest.fixture
def sessions(tmp_path):
    """Two sessions with databases of their own, as two processes have."""
    both = [open_engine("embedded", str(tmp_path / "lake")) for _ in range(2)]
    yield both
    for engine in both:
        engine.close()


def state(engine, app="a"):
    """Rows, version and transaction as the session sees them."""
    info = engine.info(SPEC.name)
    return info and (info.rows, info.version, engine.txn(SPEC.name, app))


def test_session_sees_rows_and_transactions_of_another(sessions):
    one, other = sessions
    assert state(one) is None
    for number in range(1, 4):
        other.append(SPEC, "SELECT 'x' AS text", Txn("a", number))
        assert state(one) == (number, number - 1, number)
    assert one.append(SPEC, "SELECT 'x' AS text", Txn("a", 3)) is None
    one.append(SPEC, "SELECT 'y' AS text", Txn("b", 7))
    assert (state(other), state(other, "b")) == ((4, 3, 3), (4, 3, 7))
    assert state(one, "b") == (4, 3, 7)


def test_session_sees_a_table_that_was_dropped_and_made_again(sessions):
    one, other = sessions
    one.append(SPEC, "SELECT unnest(['x', 'y']) AS text", Txn("a", 5))
    assert state(one) == (2, 0, 5)
    other.drop(SPEC.name)
    assert state(one) is None
    other.append(SPEC, "SELECT 'z' AS text", Txn("a", 1))
    assert state(one) == (1, 0, 1)
    assert one.fetch("SELECT text FROM governance.notes") == [{"text": "z"}]


def test_handle_follows_a_table_past_a_checkpoint(sessions, tmp_path):
    one, other = sessions
    one.append(SPEC, "SELECT 'x' AS text", Txn("first", 1))
    assert state(one, "first") == (1, 0, 1)
    for number in range(1, 4):
        other.append(SPEC, "SELECT 'x' AS text", Txn("a", number))
    log = tmp_path / "lake" / "governance" / "notes" / "_delta_log"
    DeltaTable(str(log.parent)).create_checkpoint()
    for version in range(3):
        (log / f"{version:020}.json").unlink()
    assert (state(one), state(one, "first")) == ((4, 3, 3), (4, 3, 1))


def test_sessions_of_a_pool_share_the_database_but_no_relations(tmp_path):
    pool = EnginePool(str(tmp_path / "lake"), memory="500MB")
    one, other = pool.open("embedded"), pool.open("embedded")
    one.materialise("own", "SELECT 1 AS n")
    other.define("own", "SELECT 2 AS n")
    assert [engine.fetch("SELECT n FROM own")[0]["n"] for engine in (one, other)] == [1, 2]
    settings = "SELECT current_setting('memory_limit') AS memory, current_setting('TimeZone') AS zone"
    assert one.fetch(settings) == other.fetch(settings) == [{"memory": "476.8 MiB", "zone": "UTC"}]
    one.close()
    assert other.fetch("SELECT n FROM own") == [{"n": 2}]
    other.close()
    pool.close()


@pytest.fixture
def ended(tmp_path):
    """The lake of a session that has ended, with a table of three commits."""
    engine = open_engine("embedded", str(tmp_path / "lake"))
    for number in range(1, 4):
        engine.append(SPEC, "SELECT 'x' AS text", Txn("a", number))
    assert state(engine) == (3, 2, 3)
    engine.close()
    return tmp_path / "lake"


def later_session(lake, ask):
    engine = open_engine("embedded", str(lake))
    try:
        return ask(engine)
    finally:
        engine.close()


def test_a_later_session_sees_what_other_programs_committed_meanwhile(ended):
    table = DeltaTable(str(ended / "governance" / "notes"))
    table.create_write_transaction(
        [], "append", table.schema(), commit_properties=CommitProperties(app_transactions=[Transaction("a", 9)])
    )
    assert later_session(ended, state) == later_session(ended, state) == (3, 3, 9)


def test_a_later_session_sees_a_lake_that_another_was_put_in_place_of(ended, tmp_path):
    other = open_engine("embedded", str(tmp_path / "other"))
    for number in range(1, 4):
        other.append(SPEC, f"SELECT unnest(['y', '{number}']) AS text", Txn("a", number + 4))
    other.close()
    shutil.rmtree(ended)
    shutil.copytree(tmp_path / "other", ended)
    assert later_session(ended, state) == (6, 2, 7)
    assert later_session(ended, lambda engine: engine.fetch("SELECT max(text) AS t FROM governance.notes")) == [{"t": "y"}]


def test_a_later_session_finds_that_an_older_commit_was_damaged(ended):
    commit = ended / "governance" / "notes" / "_delta_log" / f"{1:020}.json"
    damaged = commit.read_bytes()[:-20]
    commit.write_bytes(damaged)
    with pytest.raises(MachineError, match="damaged"):
        later_session(ended, state)


def test_a_later_session_sees_a_table_that_went_back_to_an_older_version(ended):
    (ended / "governance" / "notes" / "_delta_log" / f"{2:020}.json").unlink()
    assert later_session(ended, state) == (2, 1, 2)


def test_a_handle_is_of_one_session_at_a_time(ended):
    stock = HandleStock(2)
    folders = [ended / "governance" / "notes", ended / "bronze" / "none", ended / "silver" / "none"]
    stock.leave(folders[0], "first", 2)
    assert [stock.take(folders[0]), stock.take(folders[0]), stock.take(folders[1])] == ["first", None, None]
    for folder in folders:
        stock.leave(folder, folder.name, 2)
    assert stock.take(folders[0]) is None


def test_texts_with_other_ends_of_lines_leave_the_log_readable(ended):
    def append(number):
        return lambda engine: engine.append(SPEC, f"SELECT {literal(f'a{ENDS_OF_LINES}b')} AS text", Txn("a", number))

    for number in (4, 5):
        later_session(ended, append(number))
    assert later_session(ended, state) == (5, 4, 5)
    assert later_session(ended, lambda engine: engine.transactions(SPEC.name)) == {"a": 5}
    folder = ended / "governance" / "notes"
    assert [action["txn"]["version"] for action in commit_actions(folder, 4) if "txn" in action] == [5]
