"""A holder of a lease that wakes up late: it loses at its commit, and nothing is doubled or lost."""

import os
import signal
from contextlib import ExitStack

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import InvariantError, StoreConflictError
from lakeward.core.storage.folder import FolderStore
from lakeward.engines.delta.commits import commit_with_retries, settle_conflict
from lakeward.engines.delta.fencing import put_back
from lakeward.engines.delta.lease import take_lease
from lakeward.engines.delta.open_tables import commit_actions
from lakeward.engines.delta.rewrite import Rewrite
from lakeward.engines.embedded.data_files import write_files
from support.both_engines import open_engine_named
from support.lease_holders import DATASET, PausedLease, hold_and_append, other_process, take
from support.small_tables import NAME, SPEC, data_files, folder, ids, live_files, rows, txn


@pytest.fixture
def late(lake):
    """The session of a holder that will be paused."""
    made = open_engine_named("embedded", lake)
    yield made
    made.close()


def lease_numbers(lake):
    """Per commit of the table, oldest first, the number of the lease that it carries; None for none."""
    found = []
    for version in range(DeltaTable(str(folder(lake))).version() + 1):
        txns = (action["txn"] for action in commit_actions(folder(lake), version) if "txn" in action)
        found.append(next((each["version"] for each in txns if each["appId"] == f"lease/{DATASET}"), None))
    return found


def test_every_commit_carries_the_number_of_its_lease(engine, lake):
    with engine.dataset_lock(DATASET):
        engine.append(SPEC, rows(0, 10), txn(1))
        engine.replace(SPEC, rows(5, 15, 1), ["id"], txn(2))
    with engine.dataset_lock(DATASET):
        for batch in range(3, 6):
            engine.append(SPEC, rows(batch * 10, batch * 10 + 10), txn(batch))
        engine.compact(NAME, ["id"])
    engine.append(SPEC, rows(90, 95), txn(6))
    first, second, *rest = lease_numbers(lake)
    assert first == second
    assert len(set(rest[:-1])) == 1
    assert rest[0] > first
    assert rest[-1] is None


@pytest.mark.exhaustive
def test_a_process_that_slept_through_its_term_loses_at_its_commit(embedded, lake, tmp_path):
    embedded.append(SPEC, rows(100, 110), txn(1, "other"))
    with other_process(hold_and_append, lake, str(tmp_path / "other"), 1.0) as (process, pipe):
        first = pipe.recv()
        os.kill(process.pid, signal.SIGSTOP)
        lease = take_lease(FolderStore(embedded._lake), DATASET, "here", "here", 1.0)
        assert lease.took_over
        with embedded.under(lease):
            embedded.append(SPEC, rows(0, 10), txn(1))
        os.kill(process.pid, signal.SIGCONT)
        pipe.send("go")
        assert pipe.recv() == "lease_lost"
    assert ids(embedded) == [*range(10), *range(100, 110)]
    assert data_files(lake) == live_files(lake)
    assert [number for number in lease_numbers(lake) if number] == [lease.number] * 2
    assert first < lease.number


@pytest.mark.parametrize("writes", [True, False], ids=["who writes", "who has only taken over"])
def test_no_commit_lands_between_the_look_and_the_commit(embedded, late, lake, writes):
    embedded.append(SPEC, rows(100, 110), txn(1, "other"))

    def take_over():
        with embedded.under(take(lake, "here")):
            if writes:
                embedded.append(SPEC, rows(0, 10), txn(2))

    lease = PausedLease.of(take(lake, "there"), take_over)
    with late.under(lease), pytest.raises(StoreConflictError) as caught:
        late.append(SPEC, rows(0, 10), txn(1))
    assert caught.value.code == "lease_lost"
    assert ids(embedded) == [*(range(10) if writes else ()), *range(100, 110)]
    assert data_files(lake) == live_files(lake)


def test_a_table_that_the_late_holder_creates_stops_the_next_one(embedded, late, lake):
    """Where no table is, none can be fenced: what the late one creates is seen, and the next run decides about it."""
    with ExitStack() as held:
        lease = PausedLease.of(take(lake, "there"), lambda: held.enter_context(embedded.under(take(lake, "here"))))
        with late.under(lease):
            late.append(SPEC, rows(0, 10), txn(1))
        with pytest.raises(StoreConflictError) as caught:
            embedded.append(SPEC, rows(0, 10), txn(1, "lakeward/press_line#2"))
    assert caught.value.code == "table_taken"


def test_a_late_drop_leaves_the_table_of_the_next_holder(embedded, late, lake):
    embedded.append(SPEC, rows(100, 110), txn(1, "other"))

    def take_over():
        with embedded.under(take(lake, "here")):
            embedded.append(SPEC, rows(0, 10), txn(1))

    lease = PausedLease.of(take(lake, "there"), take_over)
    with late.under(lease), pytest.raises(StoreConflictError) as caught:
        late.drop(NAME)
    assert caught.value.code == "lease_lost"
    assert ids(embedded) == [*range(10), *range(100, 110)]


def test_a_table_that_can_not_be_put_back_is_kept_beside_the_new_one(embedded, lake, tmp_path):
    embedded.append(SPEC, rows(0, 10), txn(1))
    folder(lake).rename(tmp_path / "trash")
    embedded.append(SPEC, rows(10, 20), txn(1))
    with pytest.raises(InvariantError) as caught:
        put_back(tmp_path / "trash", folder(lake), NAME)
    assert ids(embedded) == list(range(10, 20))
    assert DeltaTable(str(caught.value.facts["folder"])).count() == 10


def test_a_compaction_of_a_late_holder_is_refused(embedded, late, lake):
    for batch in range(1, 6):
        embedded.append(SPEC, rows(batch * 10, batch * 10 + 10), txn(batch))

    def take_over():
        with embedded.under(take(lake, "here")):
            embedded.replace(SPEC, rows(10, 15, 1), ["id"], txn(6))

    with late.under(PausedLease.of(take(lake, "there"), take_over)), pytest.raises(StoreConflictError) as caught:
        late.compact(NAME, ["id"])
    assert caught.value.code == "lease_lost"
    assert ids(embedded) == list(range(10, 60))
    assert data_files(lake) >= live_files(lake)


def test_a_run_that_lost_its_lease_says_what_to_do(lake):
    late, _ = take(lake, "there"), take(lake, "here")
    with pytest.raises(StoreConflictError) as caught:
        late.check()
    assert "Next: run the same command again" in str(caught.value)


def test_a_commit_whose_reply_was_lost_counts_as_landed(embedded, lake):
    embedded.append(SPEC, rows(0, 10), txn(1))
    added = write_files(embedded._con, folder(lake), SPEC, rows(10, 20))
    rewrite = Rewrite(folder=folder(lake), spec=SPEC, added=added, rewriter=None, txn=txn(2))

    def attempt(table):
        rewrite.attempt(table)
        raise CommitFailedError("the reply was lost, and the repeated commit met itself")

    with pytest.raises(StoreConflictError):
        commit_with_retries(folder(lake), SPEC, txn(2), attempt)
    landed = settle_conflict(folder(lake), added, txn(2))
    assert (landed.version, landed.rows) == (1, 10)
    assert ids(embedded) == list(range(20))


def test_files_of_a_commit_that_did_not_land_are_deleted(embedded, lake):
    embedded.append(SPEC, rows(0, 10), txn(1))
    added = write_files(embedded._con, folder(lake), SPEC, rows(10, 20))
    assert settle_conflict(folder(lake), added, txn(2)) is None
    assert data_files(lake) == live_files(lake)
