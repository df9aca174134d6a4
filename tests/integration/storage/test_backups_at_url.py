"""Backups in an object store, and of a lake that lies in one."""

from dataclasses import replace

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.bucket import BucketStore
from lakeward.flows import RestoreOptions, back_up, ingest_dataset, list_backups, restore, verify_backups
from support.object_stores import BUCKET, environment, make_locked_bucket, options, versitygw
from support.plant import Plant, make_plant
from support.remote_plant import RemotePlant, contents, fill, make_remote_plant


@pytest.fixture(scope="module")
def remote(endpoint, tmp_path_factory):
    plant = make_remote_plant(tmp_path_factory.mktemp("remote") / "plant", endpoint, "backed")
    fill(plant)
    return plant


def at(root, endpoint, **changes):
    return replace(Settings(start=root), store=environment(endpoint), **changes)


@pytest.mark.exhaustive
def test_a_lake_in_a_folder_goes_to_a_url_and_comes_back_at_one(endpoint, tmp_path):
    plant = make_plant(tmp_path / "plant")
    fill(plant)
    before, place = contents(plant), f"s3://{BUCKET}/backups-of-folder"
    first = back_up(at(plant.root, endpoint), place)
    assert back_up(at(plant.root, endpoint), place).new_bytes == 0
    assert next(row.id for row in list_backups(at(tmp_path, endpoint), place)) == first.id
    other = RemotePlant(tmp_path / "other", endpoint, "restored-from-folder")
    done = restore(other.settings, place, RestoreOptions(verify=True))
    assert done.replay.problems == ()
    assert contents(other) == before
    assert ingest_dataset(other.settings, "press_line").batches == 0


@pytest.mark.exhaustive
def test_a_lake_at_a_url_goes_to_a_folder_and_comes_back_in_one(remote, endpoint, tmp_path):
    before, place = contents(remote), str(tmp_path / "backups")
    back_up(remote.settings, place)
    other = Plant(tmp_path / "other")
    restore(other.settings, place, RestoreOptions())
    assert contents(other) == before
    assert ingest_dataset(other.settings, "press_line").batches == 0


@pytest.mark.exhaustive
def test_a_lake_at_a_url_in_the_way_is_not_written_over(remote, endpoint, tmp_path):
    back_up(remote.settings, str(tmp_path / "backups"))
    with pytest.raises(UsageError) as refused:
        restore(remote.settings, str(tmp_path / "backups"), RestoreOptions(replace=True))
    assert refused.value.code == "restore_url_used"


@pytest.mark.exhaustive
def test_a_damaged_object_at_a_url_is_found(remote, endpoint):
    place = f"s3://{BUCKET}/backups-damaged"
    back_up(remote.settings, place)
    store = BucketStore(place, options(endpoint))
    victim = next(name for name, size, _ in store.walk("objects") if size)
    store.replace(f"objects/{victim}", b"other")
    assert [row.stored_as for row in verify_backups(remote.settings, place).damaged] == [f"objects/{victim}"]


@pytest.mark.exhaustive
def test_a_locked_backup_outlives_one_who_deletes_and_overwrites_all_of_it(endpoint, tmp_path):
    plant = make_plant(tmp_path / "plant")
    fill(plant)
    before = contents(plant)
    (tmp_path / "versions").mkdir()
    with versitygw(tmp_path / "store", tmp_path / "versions") as address:
        with pytest.raises(UsageError) as refused:
            back_up(at(plant.root, address), f"s3://{BUCKET}/backups", immutable_days=1)
        assert refused.value.code == "backup_lock_missing"
        make_locked_bucket(address, "locked")
        made = back_up(at(plant.root, address), "s3://locked/backups", immutable_days=1)
        assert made.locked_until is not None
        store = BucketStore("s3://locked/backups", options(address))
        for number, (name, _, _) in enumerate([*store.walk("")]):
            store.delete(name) if number % 2 else store.replace(name, b"encrypted")
        assert verify_backups(at(tmp_path, address), "s3://locked/backups").damaged == ()
        other = Plant(tmp_path / "other")
        restore(at(other.root, address), "s3://locked/backups", RestoreOptions())
    assert contents(other) == before
