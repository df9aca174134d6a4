"""A move of a lake writes only into an empty place outside of the lake, happens once, and is finished by the same command after a kill."""

import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.bucket import BucketStore
from lakeward.flows import MigrationOptions, back_up, list_tables, migrate
from lakeward.flows.backup import migrate as migrating
from lakeward.flows.backup import undo as undoing
from lakeward.flows.backup.move import all_locked
from lakeward.flows.base.workspace import open_workspace
from support.object_stores import BUCKET, environment, options
from support.plant import Plant, make_plant
from support.processes import quick_processes
from support.remote_plant import contents, fill


def filled(root):
    fill(make_plant(root))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


def test_nothing_is_written_into_the_lake_by_another_spelling(plant, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(plant.root / "lake", target_is_directory=True)
    for place in (link / "inside", tmp_path / "elsewhere" / ".." / "plant" / "lake" / "inside"):
        with pytest.raises(UsageError) as refused:
            back_up(plant.settings, str(place))
        assert refused.value.code == "backup_place_in_lake"
        with pytest.raises(UsageError) as refused:
            migrate(plant.settings, MigrationOptions(to=str(place)))
        assert refused.value.code == "move_to_itself"
    assert not (plant.root / "lake" / "inside").exists()


def test_a_lake_moves_only_to_an_empty_folder(plant, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine").write_text("mine")
    for place, code in (("../used", "move_place_used"), ("../used/mine", "move_place_used"), ("", "move_place_missing")):
        for dry_run in (True, False):
            with pytest.raises(UsageError) as refused:
                migrate(plant.settings, MigrationOptions(to=place, dry_run=dry_run))
            assert refused.value.code == code
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    assert migrate(plant.settings, MigrationOptions(to="../empty")).done


def test_a_lake_moves_only_to_an_empty_prefix(plant, endpoint):
    store = BucketStore(f"s3://{BUCKET}/used", options(endpoint))
    store.create("mine", b"mine")
    at_store = replace(plant.settings, store=environment(endpoint))
    for dry_run in (True, False):
        with pytest.raises(UsageError) as refused:
            migrate(at_store, MigrationOptions(to=f"s3://{BUCKET}/used", dry_run=dry_run))
        assert refused.value.code == "move_place_used"
    assert [name for name, _, _ in store.walk("")] == ["mine"]
    assert list_tables(plant.settings)


def test_an_empty_lake_is_moved_by_one_at_a_time(tmp_path):
    plant = make_plant(tmp_path / "plant")
    with open_workspace(plant.settings).engine() as engine, all_locked(engine):
        with pytest.raises(UsageError) as refused:
            migrate(plant.settings, MigrationOptions(to="../second"))
        assert refused.value.code == "lake_in_use"
    assert not (tmp_path / "second").exists()
    assert migrate(plant.settings, MigrationOptions(to="../second")).done


def move_with_file_limit(root, limit, said):
    """Move the lake where no file can have more bytes than the limit, as if the disk were full; writes the error to a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        migrate(Settings(start=Path(root)), MigrationOptions(to="../moved"))
    except MachineError as error:
        said.write_text(error.code)


def test_a_move_to_a_full_disk_says_so_and_goes_on(plant, tmp_path):
    before = contents(plant)
    assert ended_in(move_with_file_limit, plant.root, 2_500, tmp_path / "said") == 0
    assert (tmp_path / "said").read_text() == "migrate_not_written"
    with pytest.raises(MachineError) as refused:
        list_tables(replace(plant.settings, lake=str(tmp_path / "moved")))
    assert refused.value.code == "lake_unfinished"
    for dry_run in (True, False):  # an upgrade of what is on its way elsewhere
        with pytest.raises(UsageError) as refused:
            migrate(plant.settings, MigrationOptions(dry_run=dry_run))
        assert (refused.value.code, refused.value.facts["place"]) == ("migrate_other_unfinished", str(plant.root / "../moved"))
    migrate(plant.settings, MigrationOptions(to="../moved"))
    assert contents(plant) == before


def ended_in(target, *arguments):
    process = quick_processes().Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def move_killed_after(root, step):
    """Move the lake, and kill the process after the target is open: before the record ends there, in project.yaml, or in the old lake."""
    if step == "named":
        migrating.name_lake = die
    else:
        end, ends = migrating._end_record, iter(range(9))
        number = {"opened": 0, "changed": 1}[step]
        migrating._end_record = lambda *found: die() if next(ends) == number else end(*found)
    migrate(Settings(start=Path(root)), MigrationOptions(to="../moved"))


@pytest.mark.parametrize(
    "step", ["opened", pytest.param("named", marks=pytest.mark.exhaustive), pytest.param("changed", marks=pytest.mark.exhaustive)]
)
def test_a_move_that_was_killed_after_its_end_is_finished(plant, tmp_path, step):
    before = contents(plant)
    assert ended_in(move_killed_after, plant.root, step) == -signal.SIGKILL
    if step != "changed":
        with pytest.raises(UsageError) as refused:
            migrate(plant.settings, MigrationOptions(to="../other"))
        assert refused.value.code == "migrate_other_unfinished"
        assert migrate(plant.settings, MigrationOptions(to="../moved")).project_changed
    assert contents(plant) == before
    with pytest.raises(MachineError, match="moved"):
        list_tables(replace(plant.settings, lake="lake"))
    migrate(plant.settings, MigrationOptions(undo=True))
    assert contents(plant) == before


def undo_killed_after(root, step):
    """Take a move back, and kill the process after the lake is closed where it lies, opened where it lay, or named there."""
    if step == "closed":
        close, closings = undoing.close_lake, iter(range(9))
        undoing.close_lake = lambda *found: die() if next(closings) == 1 else close(*found)
    else:
        undoing.name_lake = die
    migrate(Settings(start=Path(root)), MigrationOptions(undo=True))


@pytest.mark.exhaustive
@pytest.mark.parametrize("step", ["closed", pytest.param("opened", marks=pytest.mark.exhaustive)])
def test_a_way_back_that_was_killed_is_finished(plant, tmp_path, step):
    before = contents(plant)
    migrate(plant.settings, MigrationOptions(to="../moved"))
    assert ended_in(undo_killed_after, plant.root, step) == -signal.SIGKILL
    with pytest.raises(MachineError):
        list_tables(plant.settings)
    done = migrate(plant.settings, MigrationOptions(undo=True))
    assert (done.to_place, done.project_changed) == (str(plant.root / "lake"), True)
    assert contents(plant) == before
    with pytest.raises(UsageError) as refused:
        migrate(plant.settings, MigrationOptions(undo=True))
    assert refused.value.code == "migrate_nothing_to_undo"
    with pytest.raises(MachineError, match="moved"):
        list_tables(replace(plant.settings, lake="../moved"))


def test_a_move_is_not_taken_back_from_the_lake_that_it_left(plant, tmp_path):
    migrate(plant.settings, MigrationOptions(to="../moved"))
    left = replace(plant.settings, lake="lake")
    with pytest.raises(MachineError) as refused:
        migrate(left, MigrationOptions(undo=True))
    assert refused.value.code == "lake_moved"
    with pytest.raises(MachineError):
        list_tables(left)


def migrate_after_a_move(root, options, said):
    """Migrate, while another move comes first between the first look at the lake and the locks; writes the error to a file."""
    lock = migrating.all_locked

    def lock_after_a_move(engine):
        migrating.all_locked = lock
        migrate(Settings(start=root), MigrationOptions(to="../first"))
        return lock(engine)

    migrating.all_locked, migrating.is_current = lock_after_a_move, lambda *_: False  # as of an older lake
    try:
        migrate(Settings(start=root), options)
    except MachineError as error:
        said.write_text(error.code)


LATE = [
    MigrationOptions(to="../second"),
    pytest.param(MigrationOptions(to="../first"), marks=pytest.mark.exhaustive),
    pytest.param(MigrationOptions(), marks=pytest.mark.exhaustive),
]


@pytest.mark.parametrize("late", LATE)
def test_a_migration_that_waited_for_a_move_is_refused(plant, tmp_path, late):
    before = contents(plant)
    assert ended_in(migrate_after_a_move, plant.root, late, tmp_path / "said") == 0
    assert (tmp_path / "said").read_text() == "lake_moved"
    assert contents(plant) == before
    assert not (tmp_path / "second").exists()
    with pytest.raises(MachineError, match="moved"):
        list_tables(replace(plant.settings, lake="lake"))
