"""A lake is upgraded and moved by one command, which goes on after a kill, waits for no one in silence, and can be taken back."""

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.folder import FolderStore
from lakeward.engines.delta.dataset_lock import dataset_lock
from lakeward.flows import MigrationOptions, ingest_dataset, list_tables, migrate, run_all
from lakeward.flows.backup import upgrade as upgrading
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_APP, SCHEMA_VERSION
from lakeward.flows.base.workspace import open_workspace
from support.object_stores import BUCKET, environment
from support.older_projects import unpack_project
from support.plant import Plant, csv_line, make_plant
from support.processes import quick_processes
from support.remote_plant import contents, fill

OLDER = (pytest.param("0_1", marks=pytest.mark.exhaustive), "0_2")


def filled(root):
    fill(make_plant(root))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


def rows_of(settings):
    """The rows of each table, without the columns that an upgrade adds."""
    with open_workspace(settings).engine() as engine:
        found = {}
        for info in engine.tables():
            if info.name.name != "schema_versions":
                rows = engine.fetch(f"SELECT * FROM {info.name}")
                found[str(info.name)] = sorted(str({k: v for k, v in row.items() if v is not None}) for row in rows)
    return found


def history(settings):
    """Version, columns and transactions of each table."""
    with open_workspace(settings).engine() as engine:
        return {str(info.name): (info.version, info.columns, dict(engine.transactions(info.name))) for info in engine.tables()}


def version_of(lake):
    return DeltaTable(str(Path(lake) / "governance" / "schema_versions")).transaction_version(SCHEMA_APP)


@pytest.mark.parametrize("release", OLDER)
def test_the_lake_of_each_release_is_upgraded_and_taken_back(release, tmp_path):
    root = unpack_project(release, tmp_path)
    settings = Settings(start=root)
    before, columns = rows_of(settings), {name: found[1] for name, found in history(settings).items()}
    planned = migrate(settings, MigrationOptions(dry_run=True))
    assert (planned.from_version, planned.to_version, planned.done) == (1, SCHEMA_VERSION, False)
    assert {"governance.runs"} <= {change.table for change in planned.changes}
    assert rows_of(settings) == before
    done = migrate(settings, MigrationOptions(verify=True))
    assert (done.done, done.changes, done.replay.problems) == (True, planned.changes, ())
    assert (rows_of(settings), version_of(root / "lake")) == (before, SCHEMA_VERSION)
    again = migrate(settings, MigrationOptions())
    assert (again.done, again.changes) == (False, ())
    back = migrate(settings, MigrationOptions(undo=True))
    assert (back.to_version, version_of(root / "lake")) == (1, 1)
    assert rows_of(settings) == before
    assert {name: found[1] for name, found in history(settings).items() if name in columns} == columns
    assert migrate(settings, MigrationOptions()).done


def test_a_lake_of_schema_version_8_is_idle_and_brought_to_this_one(tmp_path):
    """With grades, readiness, a query's entry, maintained tables and a renamed dataset, as the version before 0.3 left them."""
    settings = Settings(start=unpack_project("schema_8", tmp_path))
    reports, failed = run_all(settings)
    before = rows_of(settings)
    assert ({report.dataset: report.batches for report in reports}, failed) == (
        {"press_line": 0, "shift_book": 0, "press_hourly": 0},
        {},
    )
    done = migrate(settings, MigrationOptions(verify=True))
    assert (done.from_version, done.to_version, done.done, done.replay.problems) == (8, SCHEMA_VERSION, SCHEMA_VERSION > 8, ())
    assert (rows_of(settings), version_of(settings.start / "lake")) == (before, SCHEMA_VERSION)


@pytest.mark.exhaustive
def test_an_upgrade_is_not_taken_back_once_tables_were_written(tmp_path):
    settings = Settings(start=unpack_project("0_2", tmp_path))
    with pytest.raises(UsageError) as refused:
        migrate(settings, MigrationOptions(undo=True))
    assert refused.value.code == "migrate_nothing_to_undo"
    migrate(settings, MigrationOptions())
    with open_workspace(settings).engine() as engine:
        upgrading.governance.append_rows(
            engine, "schema_versions", [{"schema_version": 1, "program": "of a test"}], upgrading.governance.Txn("test", 1)
        )
    with pytest.raises(UsageError) as refused:
        migrate(settings, MigrationOptions(undo=True))
    assert (refused.value.code, refused.value.facts["table"]) == ("migrate_undo_late", "governance.schema_versions")


def upgrade_killed_after(root, tables):
    """Upgrade, and kill the process after the columns of so many tables were added."""
    add, count = upgrading.add_lacking_columns, iter(range(1_000))

    def add_or_die(folder, spec):
        if next(count) == tables:
            os.kill(os.getpid(), signal.SIGKILL)
        add(folder, spec)

    upgrading.add_lacking_columns = add_or_die
    migrate(Settings(start=Path(root)), MigrationOptions())


@pytest.mark.exhaustive
@pytest.mark.parametrize("tables", [0, 1, 2])
def test_an_upgrade_that_was_killed_goes_on_and_can_still_be_taken_back(tmp_path, tables):
    root = unpack_project("0_2", tmp_path)
    settings = Settings(start=root)
    before, columns = rows_of(settings), {name: found[1] for name, found in history(settings).items()}
    process = quick_processes().Process(target=upgrade_killed_after, args=(str(root), tables))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert migrate(settings, MigrationOptions()).done
    assert (rows_of(settings), version_of(root / "lake")) == (before, SCHEMA_VERSION)
    migrate(settings, MigrationOptions(undo=True))
    assert {name: found[1] for name, found in history(settings).items() if name in columns} == columns


def test_a_lake_in_use_is_neither_upgraded_nor_moved(plant, tmp_path):
    lake = plant.root / "lake"
    with dataset_lock(FolderStore(lake), lake / ".turns", "press_line"):
        for options in (MigrationOptions(), MigrationOptions(to="../moved"), MigrationOptions(undo=True)):
            with pytest.raises(UsageError) as refused:
                migrate(plant.settings, options)
            assert refused.value.code in {"lake_in_use", "migrate_nothing_to_undo"}
    assert not (tmp_path / "moved").exists()


@pytest.mark.exhaustive
def test_a_lake_moves_to_a_url_and_back_and_stays_equal(plant, endpoint, tmp_path):
    at_store = replace(plant.settings, store=environment(endpoint))
    before, expected = contents(plant), history(plant.settings)
    planned = migrate(at_store, MigrationOptions(to=f"s3://{BUCKET}/moved", dry_run=True))
    assert (planned.done, history(plant.settings)) == (False, expected)
    done = migrate(at_store, MigrationOptions(to=f"s3://{BUCKET}/moved", verify=True))
    assert (done.tables, done.project_changed, done.replay.problems) == (len(expected), True, ())
    assert "s3://plant/moved" in (plant.root / "expectations" / "project.yaml").read_text()
    assert history(at_store) == expected
    with pytest.raises(MachineError) as refused:
        list_tables(replace(plant.settings, lake="lake"))
    assert (refused.value.code, version_of(plant.root / "lake")) == ("lake_moved", MOVED)
    assert ingest_dataset(at_store, "press_line").batches == 0
    plant.drop("c.csv", csv_line("M9", 8, 21.0))
    assert ingest_dataset(at_store, "press_line").batches == 1
    with pytest.raises(UsageError) as refused:
        migrate(at_store, MigrationOptions(undo=True))
    assert refused.value.code == "migrate_undo_late"
    moved = history(at_store)
    migrate(at_store, MigrationOptions(to="lake2", verify=True))
    assert history(plant.settings) == moved
    silver = contents(plant)["silver.press_line"]
    assert len(silver) == len(before["silver.press_line"]) + 1
    assert ingest_dataset(plant.settings, "press_line").batches == 0


def test_a_move_is_taken_back(plant, tmp_path):
    before, expected = contents(plant), history(plant.settings)
    migrate(plant.settings, MigrationOptions(to="../moved"))
    assert history(plant.settings) == expected
    done = migrate(plant.settings, MigrationOptions(undo=True))
    assert done.to_place == str(plant.root / "lake")
    assert contents(plant) == before
    with pytest.raises(MachineError):
        list_tables(replace(plant.settings, lake=str(tmp_path / "moved")))
    assert ingest_dataset(plant.settings, "press_line").batches == 0


def move_killed_at(root, write):
    """Move the lake, and kill the process before the file of this number is written."""
    upload, count = FolderStore.upload, iter(range(1, 1_000_000))

    def upload_or_die(store, file, name):
        if next(count) == write:
            os.kill(os.getpid(), signal.SIGKILL)
        upload(store, file, name)

    FolderStore.upload = upload_or_die
    migrate(Settings(start=Path(root)), MigrationOptions(to="../moved"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("write", [1, 20, 40, -2, -1])
def test_a_move_that_was_killed_goes_on(plant, tmp_path, write):
    expected = history(plant.settings)
    copy = Plant(Path(shutil.copytree(plant.root, tmp_path / "copy" / "plant")))
    files = migrate(copy.settings, MigrationOptions(to="../moved")).files
    process = quick_processes().Process(target=move_killed_at, args=(str(plant.root), write if write > 0 else files + 1 + write))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with pytest.raises(MachineError) as refused:
        list_tables(replace(plant.settings, lake=str(tmp_path / "moved")))
    assert refused.value.code == "lake_unfinished"
    migrate(plant.settings, MigrationOptions(to="../moved"))
    assert history(plant.settings) == expected
    assert json.loads(next((tmp_path / "moved" / ".migrations").iterdir()).read_text())["after"]
