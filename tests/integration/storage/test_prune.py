"""Pruning removes backups by a policy and what no backup has any more; what is kept stays whole, and nothing is removed beside a backup."""

import os
import platform
import re
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import DataError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.object_lock import ObjectLocks
from lakeward.flows import (
    PrunePolicy,
    RestoreOptions,
    back_up,
    ingest_dataset,
    list_backups,
    prune_backups,
    restore,
    verify_backups,
)
from lakeward.flows.backup import prune as pruning
from lakeward.flows.backup.manifest import Manifest, origin_of
from lakeward.flows.backup.removal import alone_at
from lakeward.flows.backup.repository import open_repository
from support.object_stores import environment, make_locked_bucket, options, versitygw
from support.plant import Plant, csv_line, make_plant
from support.processes import quick_processes
from support.remote_plant import contents, fill


def filled(root):
    fill(make_plant(root))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


def edit(plant, day):
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text() + f"# day {day}\n")


def receive(plant, day):
    plant.drop(f"later{day}.csv", csv_line("M5", 20 + day, 21.0))
    ingest_dataset(plant.settings, "press_line")


def back_up_three_times(plant, place, change=edit):
    """Three backups with a change before each; their ids, and what lake and contract held at each."""
    made, held = [], []
    for day in range(3):
        change(plant, day)
        made.append(back_up(plant.settings, place).id)
        held.append(state(plant))
    return made, held


def state(plant):
    return contents(plant), (plant.dataset / "contract.odcs.yaml").read_text()


def ids(plant, place):
    return [row.id for row in list_backups(plant.settings, place)]


def objects(place):
    return {path.name for path in (Path(place) / "objects").rglob("*") if path.is_file()}


def manifest(at):
    empty = {"project": "plant", "lake": "/lake", "is_remote": False, "schema_version": 1, "program": "0", "stored": 0}
    times = {"started_at": "", "finished_at": "", "locked_until": None}
    return Manifest(id=at, tables=(), keys=(), files=(), **empty, **times)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (PrunePolicy(last=2), {"20260302T120000000Z", "20260302T060000000Z"}),
        (PrunePolicy(daily=2), {"20260302T120000000Z", "20260301T230000000Z"}),
        (PrunePolicy(weekly=2), {"20260302T120000000Z", "20260301T230000000Z"}),  # 1 March is a Sunday
        (PrunePolicy(monthly=2), {"20260302T120000000Z", "20260228T230000000Z"}),
        (PrunePolicy(monthly=9, last=1), {"20260302T120000000Z", "20260228T230000000Z", "20251231T230000000Z"}),
        (PrunePolicy(daily=1, monthly=3), {"20260302T120000000Z", "20260228T230000000Z", "20251231T230000000Z"}),
    ],
)
def test_a_policy_keeps_the_newest_of_each_period(policy, kept):
    times = ("20251231T230000000Z", "20260228T010000000Z", "20260228T230000000Z", "20260301T230000000Z")
    backups = [manifest(at) for at in (*times, "20260302T060000000Z", "20260302T120000000Z")]
    assert policy.kept(backups) == kept


@pytest.mark.parametrize("change", [edit, pytest.param(receive, marks=pytest.mark.exhaustive)])
def test_what_is_kept_stays_whole_and_the_rest_is_gone(plant, tmp_path, change):
    place = str(tmp_path / "backups")
    made, held = back_up_three_times(plant, place, change)
    (tmp_path / "backups" / "objects" / "ab").mkdir(exist_ok=True)
    (tmp_path / "backups" / "objects" / "ab" / ("ab" * 32)).write_bytes(b"of a backup that was cut off")
    planned = prune_backups(plant.settings, place, PrunePolicy(last=2), dry_run=True)
    assert (planned.removed, planned.done, ids(plant, place)) == ((made[0],), False, made)
    done = prune_backups(plant.settings, place, PrunePolicy(last=2))
    assert (done.removed, done.kept, done.locked, done.done) == ((made[0],), tuple(made[1:]), (), True)
    assert (done.objects, done.bytes) == (planned.objects, planned.bytes)
    assert "ab" * 32 not in objects(place)
    found = verify_backups(plant.settings, place)
    assert (found.backups, found.damaged, found.objects) == (2, (), len(objects(place)))
    for backup, expected in zip(made[1:], held[1:], strict=True):
        other = Plant(tmp_path / backup)
        restore(other.settings, place, RestoreOptions(backup=backup))
        assert state(other) == expected
    assert prune_backups(plant.settings, place, PrunePolicy(last=2)).done is False
    assert back_up(plant.settings, place).new_bytes == 0


def test_the_newest_backup_and_those_whose_time_is_not_over_stay(plant, tmp_path):
    place = str(tmp_path / "backups")
    kept = back_up(plant.settings, place, immutable_days=1).id
    back_up(plant.settings, place)
    newest = back_up(plant.settings, place).id
    done = prune_backups(plant.settings, place, PrunePolicy(daily=1))
    assert (done.kept, done.locked) == ((kept, newest), (kept,))
    assert verify_backups(plant.settings, place).damaged == ()


def test_backups_of_another_project_are_left(plant, tmp_path):
    place = str(tmp_path / "backups")
    other = make_plant(tmp_path / "other")
    file = other.root / "expectations" / "project.yaml"
    file.write_text(re.sub(r"^name: .*$", "name: elsewhere", file.read_text(), flags=re.MULTILINE))
    theirs = back_up(other.settings, place).id
    back_up(plant.settings, place)
    mine = back_up(plant.settings, place).id
    assert prune_backups(plant.settings, place, PrunePolicy(last=1)).kept == (mine,)
    assert ids(plant, place) == [theirs, mine]
    assert verify_backups(plant.settings, place).damaged == ()


def test_backups_of_another_lake_of_the_same_name_are_left(plant, tmp_path):
    place = str(tmp_path / "backups")
    theirs = back_up(make_plant(tmp_path / "other").settings, place).id
    back_up(plant.settings, place)
    mine = back_up(plant.settings, place).id
    assert prune_backups(plant.settings, place, PrunePolicy(last=1)).kept == (mine,)
    assert ids(plant, place) == [theirs, mine]


def test_lakes_of_two_machines_in_folders_of_the_same_name_are_two():
    here = origin_of("plant", Lake.in_folder("/srv/plant/lake"))
    assert here.host == platform.node() != ""
    assert here != here._replace(host="another")


@pytest.mark.exhaustive
def test_what_a_damaged_manifest_names_is_not_removed(plant, tmp_path):
    place = tmp_path / "backups"
    back_up_three_times(plant, str(place))
    damaged = min((place / "backups").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-5])
    before = objects(place)
    with pytest.raises(DataError) as refused:
        prune_backups(plant.settings, str(place), PrunePolicy(last=1))
    assert (refused.value.code, refused.value.facts["file"]) == ("backup_manifest_damaged", damaged.name)
    assert (objects(place), len([*(place / "backups").iterdir()])) == (before, 3)


def test_a_policy_that_says_nothing_and_a_place_of_something_else_are_refused(plant, tmp_path):
    (tmp_path / "other").mkdir()
    for policy, code in ((PrunePolicy(), "prune_without_policy"), (PrunePolicy(last=1), "backup_place_missing")):
        with pytest.raises(UsageError) as refused:
            prune_backups(plant.settings, str(tmp_path / "other"), policy)
        assert refused.value.code == code
    assert [*(tmp_path / "other").iterdir()] == []


def test_nothing_is_removed_while_a_backup_is_made(plant, tmp_path):
    place = str(tmp_path / "backups")
    made, _ = back_up_three_times(plant, place)
    pruned = threading.Thread(target=prune_backups, args=(plant.settings, place, PrunePolicy(last=1)))
    with alone_at(open_repository(plant.settings, place, None)):
        pruned.start()
        pruned.join(0.5)
        assert pruned.is_alive()
        assert ids(plant, place) == made
    pruned.join(30)
    assert ids(plant, place) == made[2:]


def prune_killed_at(root, place, delete):
    """Prune, and kill the process before the object of this number is deleted."""
    remove, count = FolderStore.delete, iter(range(1, 1_000_000))

    def delete_or_die(store, name):
        if name.startswith(("objects/", "backups/")) and next(count) == delete:
            os.kill(os.getpid(), signal.SIGKILL)
        remove(store, name)

    FolderStore.delete = delete_or_die
    pruning.prune_backups(Settings(start=Path(root)), place, PrunePolicy(last=1))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("delete", [1, 2, 3, 4])
def test_a_pruning_that_was_killed_is_finished_by_the_next(plant, tmp_path, delete):
    place = str(tmp_path / "backups")
    made, held = back_up_three_times(plant, place)
    process = quick_processes().Process(target=prune_killed_at, args=(str(plant.root), place, delete))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert verify_backups(plant.settings, place).damaged == ()
    assert prune_backups(plant.settings, place, PrunePolicy(last=1)).kept == (made[2],)
    found = verify_backups(plant.settings, place)
    assert (found.damaged, found.objects) == ((), len(objects(place)))
    other = Plant(tmp_path / "other")
    restore(other.settings, place, RestoreOptions())
    assert state(other) == held[2]


@pytest.mark.exhaustive
def test_a_locked_backup_stays_and_others_leave_no_version_behind(plant, tmp_path):
    (tmp_path / "versions").mkdir()
    with versitygw(tmp_path / "store", tmp_path / "versions") as address:
        make_locked_bucket(address, "locked")
        place, settings = "s3://locked/backups", replace(plant.settings, store=environment(address))
        locked = back_up(settings, place, immutable_days=1).id
        receive(plant, 0)
        middle = back_up(settings, place).id
        receive(plant, 1)
        newest = back_up(settings, place).id
        done = prune_backups(settings, place, PrunePolicy(last=1))
        assert (done.removed, done.kept, done.locked) == ((middle,), (locked, newest), (locked,))
        assert done.objects > 0
        assert verify_backups(settings, place).damaged == ()
        names = [name for name, _ in ObjectLocks(place, options(address)).versions("backups/")]
        assert [name for name in names if middle in name] == []
        held = next(iter(ObjectLocks(place, options(address)).versions(f"backups/{locked}")))
        assert ObjectLocks(place, options(address)).delete(*held) is False
