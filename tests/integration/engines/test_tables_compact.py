"""Compaction: few sorted files with the same rows, whatever commits beside it."""

import multiprocessing
import signal
from datetime import timedelta

import pytest
from deltalake import DeltaTable, Field, TableFeatures
from deltalake.exceptions import CommitFailedError
from deltalake.schema import PrimitiveType

from lakeward.core.errors import ContractError, UsageError
from lakeward.core.names import Layer, TableName
from lakeward.engines.delta.commits import commit_actions
from lakeward.engines.delta.compaction import Compaction
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.embedded.compaction import DuckDbBinWriter
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import delete_same_keys
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from support.small_tables import (
    APP,
    BY_DAY,
    COLUMNS,
    NAME,
    SPEC,
    STRING,
    by_day,
    compact,
    data_files,
    die_while_compacting,
    folder,
    ids,
    live_files,
    make_older,
    rows,
    total,
    txn,
    write_corrections,
)

SPAWN = multiprocessing.get_context("spawn")
EVERYTHING = "SELECT * FROM silver.press_line ORDER BY id"
ODD = TableSpec(NAME, (*COLUMNS, TableColumn("_kind", STRING)), ("_kind",))
ODD_ROWS = "SELECT *, CASE id % 4 WHEN 0 THEN 'a b%' WHEN 1 THEN '中/x' WHEN 2 THEN NULL ELSE 'p=1' END AS _kind FROM ({})"


def small_files(engine, spec=SPEC, shape=lambda query: query):
    """Eight batches of ten rows, the later ones with the lower numbers."""
    for batch in range(8):
        engine.append(spec, shape(rows(70 - 10 * batch, 80 - 10 * batch, batch)), txn(batch + 1))


@pytest.mark.parametrize(
    ("spec", "shape", "values"),
    [(SPEC, lambda query: query, 1), (BY_DAY, by_day, 4), (ODD, ODD_ROWS.format, 4)],
    ids=["whole", "by day", "by odd texts"],
)
def test_many_small_files_become_few_with_the_same_rows(engine, lake, spec, shape, values):
    small_files(engine, spec, shape)
    before = engine.fetch(EVERYTHING)
    many = len(live_files(lake))
    while engine.compact(NAME, ["id"]):
        pass
    assert engine.fetch(EVERYTHING) == before
    assert (engine.txn(NAME, APP), engine.info(NAME).rows) == (8, 80)
    # What is too few of a partition stays as it is.
    assert len(live_files(lake)) < min(many, 4 * values)


def test_partition_values_stay_those_of_the_rows(engine):
    small_files(engine, ODD, ODD_ROWS.format)
    by_kind = "SELECT _kind, count(*) AS n, min(id) AS low FROM silver.press_line WHERE _kind IN ('a b%', '中/x') GROUP BY _kind ORDER BY 1"
    before = engine.fetch(by_kind)
    assert engine.compact(NAME, ["id"]).files_added == 4
    assert engine.fetch(by_kind) == before
    assert engine.fetch("SELECT count(*) AS n FROM silver.press_line WHERE _kind IS NULL") == [{"n": 20}]


def test_rows_of_a_compacted_file_are_sorted(engine, lake):
    small_files(engine)
    engine.compact(NAME, ["missing", "温度", "id"])
    (file,) = live_files(lake)
    engine.append(SPEC, rows(100, 101), txn(9))
    stored = engine._con if hasattr(engine, "_con") else engine._driver_engine._con
    found = stored.execute(f"SELECT id FROM read_parquet('{folder(lake) / file}')").fetchall()
    assert [row[0] for row in found] == [70 - 10 * batch + one for batch in range(8) for one in range(10)]


def test_the_log_says_that_no_data_changed_and_carries_the_fence(engine, lake):
    small_files(engine)
    old = len(live_files(lake))
    done = engine.compact(NAME, ["id"])
    told = commit_actions(folder(lake), done.version)
    changes = [action[kind]["dataChange"] for action in told for kind in ("add", "remove") if kind in action]
    assert (changes, done.files_removed, done.files_added) == ([False] * (old + 1), old, 1)
    assert [action["txn"]["appId"] for action in told if "txn" in action] == ["lakeward/rewrite"]
    (add,) = [action["add"] for action in told if "add" in action]
    assert '"numRecords":80' in add["stats"]
    assert '"id":0,' in add["stats"]


def test_a_table_of_few_files_is_left_alone(engine):
    engine.append(SPEC, rows(0, 1), txn(1))
    assert engine.compact(NAME, ["id"]) is None
    assert engine.info(NAME).version == 0
    small_files(engine)
    assert engine.compact(NAME, ["id"])
    assert engine.compact(NAME, ["id"]) is None


def test_columns_that_older_files_lack_are_empty_in_the_new_one(engine):
    small_files(engine)
    wider = TableSpec(NAME, (*COLUMNS, TableColumn("more", STRING)))
    engine.append(wider, f"SELECT *, 'x' AS more FROM ({rows(80, 82)})", txn(9))
    before = engine.fetch(EVERYTHING)
    assert engine.compact(NAME, ["id"]).files_added == 1
    assert engine.fetch(EVERYTHING) == before


def test_a_table_whose_files_all_lack_a_new_column_is_compacted(engine, lake):
    small_files(engine)
    DeltaTable(str(folder(lake))).alter.add_columns([Field("more", PrimitiveType("string"), nullable=True)])
    assert engine.compact(NAME, ["id"]).files_added == 1
    assert engine.fetch("SELECT count(more) AS n, count(*) AS every FROM silver.press_line") == [{"n": 0, "every": 80}]


def test_old_versions_answer_as_before(engine):
    small_files(engine)
    engine.compact(NAME, ["id"])
    assert engine.fetch("SELECT count(*) AS n FROM silver.press_line", at={NAME: 3}) == [{"n": 40}]


def test_batches_go_on_after_a_compaction(engine):
    small_files(engine)
    engine.compact(NAME, ["id"])
    assert engine.append(SPEC, rows(0, 10), txn(8)) is None
    done = engine.replace(SPEC, rows(5, 15, 1), ["id"], txn(9))
    assert (done.rows, done.copied_rows) == (80, 70)
    engine.append(SPEC, rows(80, 90), txn(10))
    assert ids(engine) == list(range(90))


def test_a_table_that_is_not_there_is_said_so(engine):
    with pytest.raises(UsageError, match="The lake has no table"):
        engine.compact(TableName(Layer.SILVER, "nowhere"), ["id"])


def test_a_table_with_a_feature_that_is_not_ours_is_left_alone(engine, lake):
    small_files(engine)
    DeltaTable(str(folder(lake))).alter.add_feature(TableFeatures.ChangeDataFeed, allow_protocol_versions_increase=True)
    before = data_files(lake)
    with pytest.raises(ContractError, match="hange"):
        engine.compact(NAME, ["id"])
    assert data_files(lake) == before


# What follows is the same code for both engines: the driver commits.


@pytest.fixture
def ours(lake):
    made = EmbeddedEngine(lake)
    yield made
    made.close()


def open_embedded(lake):
    return DeltaTable(str(folder(lake)))


def compaction(ours, lake):
    return Compaction(folder=folder(lake), name=NAME, order_by=["id"], writer=DuckDbBinWriter(ours._con, folder(lake)))


def test_a_compaction_behind_a_correction_looks_again(ours, lake):
    small_files(ours)
    older, mine = open_embedded(lake), compaction(ours, lake)
    ours.replace(SPEC, rows(5, 15, 100), ["id"], txn(9))
    before, files = total(ours), data_files(lake)
    with pytest.raises(CommitFailedError):
        mine.attempt(older)
    assert data_files(lake) == files
    assert mine.run().files_removed == 8
    assert (ids(ours), total(ours)) == (list(range(80)), before)


def test_a_correction_behind_a_compaction_looks_again(ours, lake):
    small_files(ours)
    older = open_embedded(lake)
    added = write_files(ours._con, folder(lake), SPEC, rows(5, 15, 100))
    doomed = delete_same_keys(ours._con, folder(lake), SPEC, ["id"], added)
    rewrite = Rewrite(
        folder=folder(lake), spec=SPEC, added=added, rewriter=DuckDbRowRewriter(ours._con, folder(lake), doomed), txn=txn(9)
    )
    compaction(ours, lake).run()
    with pytest.raises(CommitFailedError):
        rewrite.attempt(older)
    rewrite.attempt(open_embedded(lake))
    assert (ids(ours), ours.txn(NAME, APP)) == (list(range(80)), 9)


def test_an_append_beside_a_compaction_lands_in_either_order(ours, lake):
    small_files(ours)
    older = open_embedded(lake)
    ours.append(SPEC, rows(80, 90), txn(9))
    assert compaction(ours, lake).attempt(older).files_removed == 8
    assert ids(ours) == list(range(90))


def test_the_second_of_two_compactions_finds_nothing_to_do(ours, lake):
    small_files(ours)
    older, mine = open_embedded(lake), compaction(ours, lake)
    mine.run()
    with pytest.raises(CommitFailedError):
        mine.attempt(older)
    assert mine.run() is None
    assert ids(ours) == list(range(80))


def test_a_compaction_that_is_killed_leaves_an_orphan_that_a_vacuum_takes(ours, lake):
    small_files(ours)
    process = SPAWN.Process(target=die_while_compacting, args=(lake,))
    process.start()
    process.join()
    assert (process.exitcode, len(data_files(lake) - live_files(lake))) == (-signal.SIGKILL, 1)
    assert ids(ours) == list(range(80))
    make_older(lake, 2)
    assert ours.vacuum(NAME, timedelta(days=1)).removed_files == 1
    assert (ids(ours), data_files(lake)) == (list(range(80)), live_files(lake))
    assert ours.compact(NAME, ["id"]).files_removed == 8


@pytest.mark.exhaustive
def test_batches_that_land_while_a_table_is_compacted_over_and_over_are_there_once(ours, lake):
    small_files(ours)
    process = SPAWN.Process(target=write_corrections, args=(lake,))
    process.start()
    while process.is_alive():
        ours.compact(NAME, ["id"])
    process.join()
    assert (process.exitcode, ids(ours), ours.txn(NAME, APP)) == (0, list(range(80)), 14)


def test_a_compaction_behind_a_strangers_is_undone_and_made_again(ours, lake):
    small_files(ours)
    older, mine = open_embedded(lake), compaction(ours, lake)
    compact(ours, lake, open_embedded(lake), sorted(live_files(lake))[:3], fence=False)
    with pytest.raises(CommitFailedError, match="undone"):
        mine.attempt(older)
    assert ids(ours) == list(range(80))
    assert ours.compact(NAME, ["id"]) is None
    assert ours.append(SPEC, rows(80, 90), Txn(APP, 9)).rows == 10
