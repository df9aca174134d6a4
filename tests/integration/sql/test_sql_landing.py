"""A window is landed whole or not at all, wherever its process is killed."""

import multiprocessing
import os
import shutil
import signal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.core.errors import MachineError
from lakeward.sources.sql.landing import SEGMENT_ROWS, WindowLanding

FORK = multiprocessing.get_context("fork")


def batches(first, count, rows):
    """Record batches, each of which makes a segment."""
    return [pa.RecordBatch.from_pydict({"id": range(at, at + rows)}) for at in range(first, first + count * rows, rows)]


def landed(landing):
    with landing.lock():
        numbers = range(1, landing.store.newest() + 1)
        return [pq.read_table(landing.store.path(number))["id"][0].as_py() for number in numbers]


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def dying(items):
    yield from items
    die()


@pytest.mark.parametrize("place", ["while rows come", "when all are written"])
def test_a_kill_before_the_rename_leaves_nothing(tmp_path, place):
    landing = WindowLanding.of_dataset(tmp_path, "readings")

    def land():
        with landing.lock():
            rows = batches(0, 3, SEGMENT_ROWS)
            landing.land(dying(rows) if place == "while rows come" else rows, {}, die)

    child = FORK.Process(target=land)
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert landed(landing) == []
    assert [path.name for path in landing.folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("linked", [0, 1, 3])
def test_a_kill_behind_the_rename_is_ended_by_the_next(tmp_path, linked):
    landing = WindowLanding.of_dataset(tmp_path, "readings")
    with landing.lock():
        landing.land(batches(0, 1, 10), {"value": "1"})
    other = WindowLanding.of_dataset(tmp_path / "other", "readings")
    with other.lock():
        other.land(batches(SEGMENT_ROWS, 3, SEGMENT_ROWS), {"value": "2"}, lambda: {"seen": b"x" * 16})
    ready = landing.folder / f"ready-{2:020d}"
    ready.mkdir()
    for number in range(1, 4):
        shutil.copy(other.store.path(number), ready / f"{number:08d}.parquet")
    (ready / "seen").write_bytes(b"x" * 16)
    for number in range(1, linked + 1):
        landing.store.path(number + 1).hardlink_to(ready / f"{number:08d}.parquet")
    assert landed(landing) == [0, SEGMENT_ROWS, 2 * SEGMENT_ROWS, 3 * SEGMENT_ROWS]
    assert landing.read_file("seen") == b"x" * 16
    assert not ready.exists()


def test_a_number_that_another_process_took_is_an_error_and_nothing_is_overwritten(tmp_path):
    landing = WindowLanding.of_dataset(tmp_path, "readings")
    with landing.lock():
        landing.land(batches(0, 1, 10), {})
    ready = landing.folder / f"ready-{1:020d}"
    ready.mkdir()
    shutil.copy(landing.store.path(1), ready / "00000000.parquet")
    with pytest.raises(MachineError) as failed, landing.lock():
        pass
    assert failed.value.code == "segment_taken"


def test_two_processes_land_one_after_the_other(tmp_path):
    landing = WindowLanding.of_dataset(tmp_path, "readings")

    def land(number):
        for at in range(5):
            with landing.lock():
                landing.land(batches(number * 100 + at, 1, 1), {})

    children = [FORK.Process(target=land, args=(number,)) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert sorted(landed(landing)) == sorted(number * 100 + at for number in range(3) for at in range(5))
