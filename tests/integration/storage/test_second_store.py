"""A second object store, by other hands: what races, kills, and the whole way from a delivery to a restored backup."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.storage.lake import store_of
from lakeward.core.storage.probe import check_conditional_replace, check_store, races_large
from lakeward.flows import RestoreOptions, back_up, grade_dataset, ingest_dataset, maintain, open_connection, restore, run_all
from lakeward.flows.base.batch_context import BatchStep
from support.lease_holders import hold_in_turns
from support.lost_machines import receive_and_die
from support.object_stores import BUCKET, MINIO, free_port, lake_at, minio
from support.plant import csv_line, make_plant
from support.remote_plant import RemotePlant, contents, drop_first, drop_second, fill, make_remote_plant

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(MINIO is None, reason="TEST_MINIO names no program of MinIO (tests/README.md)"),
]
SPAWN = multiprocessing.get_context("spawn")
WRITERS = 8


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with minio(tmp_path_factory.mktemp("minio")) as (_, address):
        yield address


@pytest.fixture(scope="module")
def in_a_folder(tmp_path_factory):
    plant = make_plant(tmp_path_factory.mktemp("folder") / "plant")
    fill(plant)
    return contents(plant)


def test_it_is_found_safe(endpoint, tmp_path):
    lake = lake_at(endpoint, tmp_path, "probed")
    check_store(lake)
    check_conditional_replace(lake)
    assert not races_large(lake)


@pytest.mark.parametrize(("size", "rounds"), [(2_000, 100), (8 << 20, 10)], ids=["small", "8 MiB"])
def test_of_eight_writers_at_once_one_succeeds(endpoint, tmp_path, size, rounds):
    store = store_of(lake_at(endpoint, tmp_path, f"raced-{size}").root())
    bodies = [bytes([number]) * size for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        for each in range(rounds):
            name, start = f"{each}", threading.Barrier(WRITERS)

            def write(body, name=name, start=start):
                start.wait()
                return store.create(name, body)

            won = [*pool.map(write, bodies)]
            assert won.count(True) == 1
            assert store.read(name) == bodies[won.index(True)]
            store.delete(name)


def test_of_many_machines_one_holds_the_lease_at_a_time(endpoint, tmp_path):
    most, numbers = hold_in_turns(store_of(lake_at(endpoint, tmp_path, "leases").root()), 5)
    assert set(most) == {1}
    assert len(set(numbers)) == 20


def test_a_delivery_goes_all_the_way_to_a_restored_backup(endpoint, tmp_path, in_a_folder):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "whole")
    fill(plant)
    assert contents(plant) == in_a_folder
    grade_dataset(plant.settings, "press_line")
    with open_connection(plant.settings, "steward") as connection:
        assert connection.sql("SELECT count(*) FROM silver.press_line").fetchall() == [(len(in_a_folder["silver.press_line"]),)]
    assert maintain(plant.settings)[1] == {}
    before, place = contents(plant), f"s3://{BUCKET}/backups"
    back_up(plant.settings, place)
    other = RemotePlant(tmp_path / "other", endpoint, "restored")
    assert restore(other.settings, place, RestoreOptions(verify=True)).replay.problems == ()
    assert contents(other) == before
    assert ingest_dataset(other.settings, "press_line").batches == 0


@pytest.mark.parametrize(
    "step", [BatchStep.PINNED, BatchStep.BRONZE, BatchStep.QUARANTINE, BatchStep.PUBLISHED, BatchStep.LINEAGE]
)
def test_a_killed_run_is_ended_by_the_next(endpoint, tmp_path, in_a_folder, step):
    plant = make_remote_plant(tmp_path / "plant", endpoint, f"killed-{step}")
    for drop in (drop_first, drop_second):
        drop(plant)
        process = SPAWN.Process(target=receive_and_die, args=(plant, step))
        process.start()
        process.join()
        assert process.exitcode == -9
        ingest_dataset(plant.settings, "press_line")
    assert contents(plant) == in_a_folder


def test_a_server_that_is_killed_in_the_middle_loses_no_row(tmp_path):
    folder, port, count = tmp_path / "minio", free_port(), 0
    plant = RemotePlant(make_plant(tmp_path / "plant").root, f"http://127.0.0.1:{port}", "lake")
    for number in range(6):
        plant.drop(f"{number}.csv", *(csv_line(f"M{machine}", number, 20.5) for machine in range(50)))
        with minio(folder, port) as (server, _):
            killer = threading.Timer(0.3 + 0.1 * number, server.kill)
            killer.start()
            with suppress(LakewardError):
                run_all(plant.settings)
            killer.join()
        with minio(folder, port):
            ingest_dataset(plant.settings, "press_line")
            count += 50
            assert len(contents(plant)["silver.press_line"]) == count
