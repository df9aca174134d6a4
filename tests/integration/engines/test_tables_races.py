"""Two writers at once, and a writer killed: one result, nothing doubled, nothing lost."""

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import RemoveAction

from lakeward.core.errors import StoreConflictError
from lakeward.engines.delta.commits import commit, commit_actions, commit_with_retries
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import delete_same_keys
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.embedded.scans import delta_scan
from support.small_tables import (
    APP,
    NAME,
    SPEC,
    append_in_process,
    compact,
    data_files,
    die_before_commit,
    folder,
    ids,
    live_files,
    rows,
    total,
    txn,
)

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def engine(embedded):
    """DuckDB's hands write what is raced with; the commits are the same with either engine."""
    return embedded


@pytest.fixture
def two_files(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.append(SPEC, rows(10, 20), txn(2))


def correction(engine, lake, start, end):
    """A replace of these ids that has written its files and not committed yet."""
    added = write_files(engine._con, folder(lake), SPEC, rows(start, end, 1))
    doomed = delete_same_keys(engine._con, folder(lake), SPEC, ["id"], added)
    return Rewrite(
        folder=folder(lake), spec=SPEC, added=added, rewriter=DuckDbRowRewriter(engine._con, folder(lake), doomed), txn=txn(3)
    )


def from_older(handle, rewrite, lake):
    """Commit the correction, the first time through a handle that is behind."""
    handles = iter([handle])
    return commit_with_retries(folder(lake), SPEC, txn(3), lambda table: rewrite.attempt(next(handles, table)))


def open_handle(lake):
    return DeltaTable(str(folder(lake)))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("apps", [(APP, APP, APP), (APP, "b", "c")], ids=["the same batch", "three datasets"])
def test_processes_that_make_a_table_at_once_write_each_batch_once(engine, lake, apps):
    with ProcessPoolExecutor(len(apps), mp_context=SPAWN) as pool:
        outcomes = list(pool.map(append_in_process, [lake] * 3, [0, 10, 20], [1, 1, 1], apps))
    assert outcomes.count("landed") == len(set(apps))
    assert set(outcomes) <= {"landed", "there already", "StoreConflictError"}
    assert len(ids(engine)) == 10 * len(set(apps))


def test_the_second_of_two_handles_is_refused(engine, lake, two_files):
    first, second = open_handle(lake), open_handle(lake)
    added = write_files(engine._con, folder(lake), SPEC, rows(20, 30))
    commit(first, folder(lake), SPEC, added, (), [txn(3)])
    with pytest.raises(CommitFailedError):
        commit(second, folder(lake), SPEC, added, (), [txn(3)])


def test_a_batch_that_another_process_took_meanwhile_is_a_conflict(engine, lake, two_files):
    def losing_commit(table):
        engine.append(SPEC, rows(20, 30), txn(3))
        return commit(table, folder(lake), SPEC, (), (), [txn(3)])

    with pytest.raises(StoreConflictError, match="another process"):
        commit_with_retries(folder(lake), SPEC, txn(3), losing_commit)
    assert ids(engine) == list(range(30))


def test_a_version_is_ours_though_others_commit_beside(engine, lake, two_files):
    handles = iter([open_handle(lake)])
    engine.append(SPEC, rows(20, 30), txn(1, "b"))

    def add_nothing(table):
        return commit(next(handles, table), folder(lake), SPEC, (), (), [txn(3)])

    assert commit_with_retries(folder(lake), SPEC, txn(3), add_nothing) == 3


@pytest.mark.sampled(2)
@pytest.mark.parametrize("_round", range(5))
def test_the_fence_refuses_a_correction_beside_a_compaction(engine, lake, two_files, _round):
    older, rewrite = open_handle(lake), correction(engine, lake, 5, 15)
    compact(engine, lake, open_handle(lake), sorted(live_files(lake)), fence=True)
    done = from_older(older, rewrite, lake)
    assert (ids(engine), total(engine)) == (list(range(20)), (20, 10.0))
    assert (done.version, done.rows, done.copied_rows) == (3, 20, 10)


def test_the_fence_refuses_a_compaction_beside_a_correction(engine, lake, two_files):
    older, files = open_handle(lake), sorted(live_files(lake))
    engine.replace(SPEC, rows(5, 15, 1), ["id"], txn(3))
    with pytest.raises(CommitFailedError):
        compact(engine, lake, older, files, fence=True)
    assert ids(engine) == list(range(20))


def test_without_the_fence_deltalake_doubles_every_row(engine, lake, two_files):
    older, rewrite = open_handle(lake), correction(engine, lake, 5, 15)
    files = sorted(live_files(lake))
    kept = f"SELECT * FROM {delta_scan(folder(lake))} WHERE id NOT BETWEEN 5 AND 14"
    carried = write_files(engine._con, folder(lake), SPEC, kept)
    compact(engine, lake, open_handle(lake), files, fence=False)
    removes = [RemoveAction(file, data_change=True, deletion_timestamp=0) for file in files]
    adds = [file.add() for file in (*rewrite.added, *carried)]
    older.create_write_transaction([*adds, *removes], "append", older.schema())
    assert len(ids(engine)) == 40


def test_a_correction_beside_a_strangers_compaction_is_undone_and_made_again(engine, lake, two_files):
    engine.append(SPEC, rows(20, 30), txn(1, "b"))
    older, rewrite = open_handle(lake), correction(engine, lake, 5, 25)
    compact(engine, lake, open_handle(lake), sorted(live_files(lake))[:2], fence=False)
    done = from_older(older, rewrite, lake)
    assert (ids(engine), total(engine)) == (list(range(30)), (30, 20.0))
    assert engine.fetch("SELECT count(*) AS n FROM silver.press_line", at={NAME: done.version - 1}) == [{"n": 30}]
    assert engine.txn(NAME, APP) == 3


def test_a_plain_append_beside_a_correction_lands(engine, lake, two_files):
    older, rewrite = open_handle(lake), correction(engine, lake, 5, 15)
    engine.append(SPEC, rows(20, 30), txn(1, "b"))
    from_older(older, rewrite, lake)
    assert ids(engine) == list(range(30))


def test_a_refused_rewrite_leaves_no_file_behind(engine, lake, two_files):
    older, rewrite = open_handle(lake), correction(engine, lake, 5, 15)
    engine.replace(SPEC, rows(0, 1), ["id"], txn(1, "b"))
    before = data_files(lake)
    with pytest.raises(CommitFailedError):
        rewrite.attempt(older)
    assert data_files(lake) == before


def test_a_kill_before_the_commit_leaves_only_orphans(engine, lake, two_files):
    process = SPAWN.Process(target=die_before_commit, args=(lake,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (len(data_files(lake) - live_files(lake)), engine.txn(NAME, APP)) == (1, 2)
    engine.append(SPEC, rows(20, 30), txn(3))
    assert ids(engine) == list(range(30))


def test_rows_columns_and_txn_of_a_new_table_are_one_commit(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    assert {kind for action in commit_actions(folder(lake), 0) for kind in action} == {
        "commitInfo",
        "protocol",
        "metaData",
        "add",
        "txn",
    }
