"""Who may write a dataset: one holder at a time, the next one after a death, on one machine and on several."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.lake import Lake
from lakeward.engines.delta.dataset_lock import dataset_lock, is_locked
from lakeward.engines.delta.lease import take_lease
from support.lease_holders import DATASET, hold, hold_as_before, other_process, take

# Seconds: far above what a step takes here, so that no one takes over by accident.
LONG = 120.0


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "lake").mkdir()
    return tmp_path / "lake"


@pytest.fixture
def store(lake):
    return FolderStore(lake)


def lease_file(lake):
    """The only file of the dataset's leases."""
    (found,) = (lake / ".leases" / DATASET).iterdir()
    return found


def test_of_many_threads_that_create_one_object_one_succeeds(store, lake):
    for round_number in range(20):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda i: store.create(f"a/{round_number}", b"%d" % i), range(8)))  # noqa: B023
        assert sorted(made) == [False] * 7 + [True]
        assert store.read(f"a/{round_number}") == b"%d" % made.index(True)
    assert store.list_names("a") == sorted(map(str, range(20)))
    assert len(list((lake / "a").iterdir())) == 20


def test_objects_are_replaced_whole_and_deleted_twice(store):
    store.replace("b/c", b"old")
    store.replace("b/c", b"new")
    assert store.read("b/c") == b"new"
    store.delete("b/c")
    store.delete("b/c")
    assert (store.read("b/c"), store.list_names("b"), store.list_names("none"), store.read("none")) == (None, [], [], None)


@pytest.mark.exhaustive
def test_the_next_waits_until_the_holder_ends_its_turn(store, lake):
    with other_process(hold, str(lake), str(lake / ".turns"), LONG) as (_, pipe):
        first = pipe.recv()
        assert is_locked(Lake.in_folder(str(lake)), DATASET)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(turn, store, lake)
            time.sleep(0.3)
            assert not waiting.done()
            pipe.send("go")
            assert waiting.result(timeout=20) > first
    assert not is_locked(Lake.in_folder(str(lake)), DATASET)


def turn(store, lake):
    with dataset_lock(store, lake / ".turns", DATASET, LONG) as lease:
        assert not lease.took_over
        return lease.number


def test_after_a_kill_the_next_of_the_machine_need_not_wait(store, lake):
    with other_process(hold, str(lake), str(lake / ".turns"), LONG) as (process, pipe):
        first = pipe.recv()
        process.kill()
        process.join()
        began = time.monotonic()
        assert turn(store, lake) > first
        assert time.monotonic() - began < LONG / 4


def test_a_holder_of_another_machine_that_ended_without_a_word_is_waited_for(store, lake, tmp_path):
    with other_process(hold, str(lake), str(tmp_path / "other"), 1.5) as (process, pipe):
        first = pipe.recv()
        process.kill()
        process.join()
    began = time.monotonic()
    with dataset_lock(store, lake / ".turns", DATASET, 1.5) as lease:
        assert time.monotonic() - began >= 1.5
        assert (lease.took_over, lease.number > first) == (True, True)


@pytest.mark.exhaustive
def test_a_holder_that_renews_its_lease_keeps_it(store, lake, tmp_path):
    with other_process(hold, str(lake), str(tmp_path / "other"), 1.0) as (_, pipe):
        first = pipe.recv()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(take_lease, store, DATASET, "here", "here", 1.0)
            time.sleep(3)
            assert not waiting.done()
            pipe.send("go")
            lease = waiting.result(timeout=20)
    assert (lease.took_over, lease.number > first) == (False, True)


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00+00:00", "2090-01-01T00:00:00+00:00"])
def test_no_clock_of_another_machine_shortens_or_lengthens_a_lease(lake, until):
    take(lake, "there", term=LONG)
    record = json.loads(lease_file(lake).read_text(encoding="utf-8"))
    lease_file(lake).write_text(json.dumps(record | {"until": until}), encoding="utf-8")
    began = time.monotonic()
    assert take(lake, "here", term=0.5).took_over
    assert 0.5 <= time.monotonic() - began < 10


def test_a_lease_that_can_not_be_read_is_waited_for(lake):
    first = take(lake, "there")
    lease_file(lake).write_bytes(b"")
    began = time.monotonic()
    second = take(lake, "here", term=0.5)
    assert (second.took_over, second.number > first.number) == (True, True)
    assert time.monotonic() - began >= 0.5


def test_a_holder_that_sleeps_too_long_learns_that_it_lost(lake):
    late, _ = take(lake, "there"), take(lake, "here")
    with pytest.raises(StoreConflictError) as caught:
        late.check()
    assert (caught.value.code, caught.value.facts["number"]) == ("lease_lost", late.number)


def test_one_that_slept_before_it_took_the_lease_does_not_get_it(lake, store):
    first = take(lake, "there")
    first.release()
    second = take(lake, "here")
    # What a process does that looked at the leases before `second` did, and whose number was used and deleted since.
    lease_file(lake).rename(lease_file(lake).with_name(f"{second.number + 5:020}.json"))
    third = take_lease(store, DATASET, "elsewhere", "elsewhere", 0.3)
    assert third.number == second.number + 6
    with pytest.raises(StoreConflictError):
        second.check()


def test_numbers_grow_where_the_leases_were_deleted(lake):
    first = take(lake, "here")
    lease_file(lake).unlink()
    time.sleep(1.1)
    assert take(lake, "here").number > first.number


def test_one_lease_is_left_of_many(lake):
    for _ in range(5):
        take(lake, "here").release()
    last = take(lake, "here")
    assert lease_file(lake).name == f"{last.number:020}.json"


@pytest.mark.exhaustive
def test_a_program_of_the_release_before_waits_and_is_waited_for(store, lake):
    with other_process(hold_as_before, str(lake)) as (_, pipe):
        assert pipe.recv() == "held"
        assert is_locked(Lake.in_folder(str(lake)), DATASET)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(turn, store, lake)
            time.sleep(0.3)
            assert not waiting.done()
            pipe.send("go")
            assert waiting.result(timeout=20)
    with dataset_lock(store, lake / ".turns", DATASET, LONG), other_process(hold_as_before, str(lake)) as (_, pipe):
        assert not pipe.poll(1.5)


@pytest.mark.exhaustive
def test_a_paused_process_of_this_machine_is_waited_for_as_long_as_it_lives(store, lake):
    """Its lock file is still locked: no term ends that, as it never did."""
    with other_process(hold, str(lake), str(lake / ".turns"), 0.5) as (process, pipe):
        pipe.recv()
        os.kill(process.pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(turn, store, lake)
            time.sleep(1.5)
            assert not waiting.done()
            os.kill(process.pid, signal.SIGCONT)
            pipe.send("go")
            assert waiting.result(timeout=20)


def test_leases_lie_in_the_lake_under_a_hidden_name(store, lake):
    turn(store, lake)
    assert {path.name for path in Path(lake).iterdir()} == {".leases", ".turns"}
