"""A backup holds the lake of one instant and its project; a restore brings both back, and says what it can't."""

import hashlib
import json
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import DataError, MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake
from lakeward.flows import (
    RestoreOptions,
    back_up,
    ingest_dataset,
    list_backups,
    list_tables,
    rebuild_silver,
    restore,
    verify_backups,
)
from lakeward.flows.backup.filling import Filling, LakeFilling
from lakeward.flows.backup.manifest import id_of_name, manifest_name
from lakeward.flows.base.lake_schema import UNFINISHED
from lakeward.flows.base.workspace import open_workspace
from support.backups import (
    back_up_killed_at,
    overwrite_half,
    restore_killed_at,
    restore_killed_before_filling,
    restore_with_file_limit,
)
from support.plant import Plant, csv_line, make_plant
from support.processes import quick_processes
from support.remote_plant import contents, drop_second, fill


def filled(root):
    fill(make_plant(root))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


def ended_in(target, *arguments):
    process = quick_processes().Process(target=target, args=tuple(map(str, arguments[:2])) + arguments[2:])
    process.start()
    process.join()
    return process.exitcode


def objects(place):
    return sorted(path for path in (Path(place) / "objects").rglob("*") if path.is_file())


def test_a_restored_lake_is_the_one_that_was_backed_up(plant, tmp_path):
    before, versions = contents(plant), {row.table: row.version for row in list_tables(plant.settings)}
    made = back_up(plant.settings, str(tmp_path / "backups"))
    other = Plant(tmp_path / "other")
    done = restore(other.settings, str(tmp_path / "backups"), RestoreOptions(verify=True))
    assert contents(other) == before
    assert {row.table: row.version for row in list_tables(other.settings)} == versions
    assert (done.id, done.kept, done.moved_aside, done.lost) == (made.id, 0, (), ())
    assert (done.replay.batches, done.replay.problems) == (2, ())
    assert done.replay.scores > 0
    assert ingest_dataset(other.settings, "press_line").batches == 0
    drop_second(other)  # known by its content
    assert ingest_dataset(other.settings, "press_line").batches == 0


def history(plant):
    """Transactions of each table, and the number of rows at each of its versions."""
    with open_workspace(plant.settings).engine() as engine:
        found = {}
        for info in engine.tables():
            rows = [len(engine.fetch(f"SELECT * FROM {info.name}", at={info.name: at})) for at in range(info.version + 1)]
            found[str(info.name)] = (engine.transactions(info.name), rows)
    return found


@pytest.mark.exhaustive
def test_older_versions_and_offsets_are_restored_too(plant, tmp_path):
    back_up(plant.settings, str(tmp_path / "backups"))
    other = Plant(tmp_path / "other")
    restore(other.settings, str(tmp_path / "backups"), RestoreOptions())
    assert history(other) == history(plant)


def test_a_second_backup_stores_only_what_is_new(plant, tmp_path):
    place = str(tmp_path / "backups")
    first = back_up(plant.settings, place)
    again = back_up(plant.settings, place)
    assert (again.files, again.bytes, again.new_bytes) == (first.files, first.bytes, 0)
    plant.drop("c.csv", csv_line("M3", 8, 21.0))
    ingest_dataset(plant.settings, "press_line")
    third = back_up(plant.settings, place)
    assert 0 < third.new_bytes < first.new_bytes
    assert [row.new_bytes for row in list_backups(plant.settings, place)] == [first.new_bytes, 0, third.new_bytes]


@pytest.mark.exhaustive
def test_each_backup_restores_to_its_own_time(plant, tmp_path):
    place, before = str(tmp_path / "backups"), contents(plant)
    first = back_up(plant.settings, place)
    plant.drop("c.csv", csv_line("M3", 8, 21.0))
    ingest_dataset(plant.settings, "press_line")
    rebuild_silver(plant.settings, "press_line")  # another table lies where the first one lay
    after = contents(plant)
    back_up(plant.settings, place)
    for options, expected in ((RestoreOptions(backup=first.id), before), (RestoreOptions(), after)):
        other = Plant(tmp_path / (options.backup or "newest"))
        restore(other.settings, place, options)
        assert contents(other) == expected


def test_a_damaged_backup_is_refused_by_the_name_of_the_file(plant, tmp_path):
    place = tmp_path / "backups"
    back_up(plant.settings, str(place))
    assert verify_backups(plant.settings, str(place)).damaged == ()
    victim = objects(place)[3]
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    found = verify_backups(plant.settings, str(place))
    assert [row.stored_as for row in found.damaged] == [str(victim.relative_to(place))]
    before = contents(plant)
    with pytest.raises(DataError) as refused:
        restore(plant.settings, str(place), RestoreOptions(replace=True))
    assert (refused.value.code, refused.value.facts["file"]) == ("backup_object_damaged", found.damaged[0].file)
    assert contents(plant) == before


@pytest.mark.exhaustive
def test_a_missing_object_is_stored_again_by_the_next_backup(plant, tmp_path):
    place = tmp_path / "backups"
    back_up(plant.settings, str(place))
    objects(place)[0].unlink()
    assert [row.is_missing for row in verify_backups(plant.settings, str(place)).damaged] == [True]
    back_up(plant.settings, str(place))
    assert verify_backups(plant.settings, str(place)).damaged == ()


@pytest.mark.exhaustive
def test_a_changed_manifest_is_no_backup(plant, tmp_path):
    place = tmp_path / "backups"
    made = back_up(plant.settings, str(place))
    manifest = next((place / "backups").iterdir())
    manifest.write_bytes(manifest.read_bytes().replace(b'"press_line"', b'"press_lime"').replace(b"silver", b"sliver"))
    assert [(row.id, row.is_whole) for row in list_backups(plant.settings, str(place))] == [(made.id, False)]
    with pytest.raises(DataError, match=manifest.name):
        restore(Settings(start=tmp_path / "other"), str(place), RestoreOptions())


def add_file(place, name, part="project", **changes):
    """Write a manifest with one more file, as one who can write the place does; returns its name."""
    payload = b"written outside\n"
    sha256 = hashlib.sha256(payload).hexdigest()
    stored = place / "objects" / sha256[:2] / sha256
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(payload)
    manifest = next((place / "backups").iterdir())
    lines = [*manifest.read_bytes().splitlines()]
    entry = {"part": part, "name": name, "size": len(payload), "modified_at": 0.0, "sha256": sha256} | changes
    content = b"\n".join([*lines, json.dumps(entry).encode()]) + b"\n"
    manifest.unlink()
    changed = manifest_name(id_of_name(manifest.name), content)
    (place / "backups" / changed).write_bytes(content)
    return changed


def test_a_manifest_that_names_files_outside_is_refused(plant, tmp_path):
    made = tmp_path / "made"
    back_up(plant.settings, str(made))
    names = ["../escaped", "expectations/../../escaped", str(tmp_path / "escaped"), "..\\escaped", "\\escaped", "C:escaped", ""]
    cases = [(name, part, {}) for name in names for part in ("project", "lake")] + [
        ("dags/x.py", "project", {"sha256": "../../x"})
    ]
    for number, (name, part, changes) in enumerate(cases):
        place, target = tmp_path / f"place{number}", tmp_path / f"in{number}" / "other"
        manifest = add_file(Path(shutil.copytree(made, place)), name, part, **changes)
        with pytest.raises(DataError, match=manifest) as refused:
            restore(Settings(start=target), str(place), RestoreOptions())
        assert refused.value.code == "backup_manifest_escapes"
        assert [row.file for row in verify_backups(plant.settings, str(place)).damaged] == [manifest]
        assert not target.exists()
    assert not [*tmp_path.rglob("*escaped*")]


def test_a_lake_is_not_filled_with_a_file_outside_of_it(tmp_path):
    (tmp_path / "file").write_text("written outside")
    filling = LakeFilling(Lake.in_folder(str(tmp_path / "lake")), "a test", from_store=True, scratch=tmp_path)
    found = Filling(name="landing/../../escaped", size=15, sha256=None, content=lambda _: nullcontext(tmp_path / "file"))
    with pytest.raises(DataError) as refused:
        filling.write([found])
    assert (refused.value.code, (tmp_path / "escaped").exists()) == ("fill_escapes", False)


def test_a_backup_of_odd_names_is_restored(plant, tmp_path):
    odd = plant.root / "dags" / "a\\b..c: d.py"
    odd.parent.mkdir(exist_ok=True)
    odd.write_text("# mine\n")
    back_up(plant.settings, str(tmp_path / "backups"))
    restore(Settings(start=tmp_path / "other"), str(tmp_path / "backups"), RestoreOptions())
    assert (tmp_path / "other" / "dags" / odd.name).read_text() == "# mine\n"


@pytest.mark.exhaustive
def test_after_half_of_the_files_were_overwritten_the_last_good_versions_come_back(plant, tmp_path):
    place, before = str(tmp_path / "backups"), contents(plant)
    back_up(plant.settings, place)
    late = plant.drop("late.csv", csv_line("M4", 9, 20.0), csv_line("M4", 10, 20.1))
    ingest_dataset(plant.settings, "press_line")
    late.unlink()
    shutil.copytree(plant.root / "lake", tmp_path / "whole")
    assert overwrite_half(plant.root / "lake") > 20
    with pytest.raises((DataError, MachineError)):
        back_up(plant.settings, place)
    done = restore(plant.settings, place, RestoreOptions(replace=True, verify=True))
    assert contents(plant) == before
    assert done.replay.problems == ()
    told = [(row.dataset, row.batch) for row in done.lost]
    assert ("press_line", 3) in told or None in [batch for _, batch in told]
    assert Path(done.moved_aside[0]).is_dir()


def test_what_was_lost_is_said_by_batch_with_the_files_that_are_whole(plant, tmp_path):
    place = str(tmp_path / "backups")
    back_up(plant.settings, place)
    for name, minute in (("c.csv", 9), ("d.csv", 10)):
        plant.drop(name, csv_line("M4", minute, 20.0)).touch()
        ingest_dataset(plant.settings, "press_line")
        (plant.root / "inbox" / "press_line" / name).unlink()
    after = contents(plant)
    for file in (plant.root / "lake" / "silver").rglob("*.parquet"):
        file.write_bytes(b"encrypted")
    done = restore(plant.settings, place, RestoreOptions(replace=True))
    assert [(row.dataset, row.batch, row.rows, [file.name for file in row.files]) for row in done.lost] == [
        ("press_line", 3, 1, ["c.csv"]),
        ("press_line", 4, 1, ["d.csv"]),
    ]
    for row in done.lost:
        for file in row.files:
            shutil.copyfile(file.copy, plant.root / "inbox" / "press_line" / file.name)
            ingest_dataset(plant.settings, "press_line")
    assert contents(plant)["silver.press_line"] == after["silver.press_line"]


def test_a_second_restore_that_was_killed_names_the_lake_that_it_moved(plant, tmp_path):
    place = str(tmp_path / "backups")
    back_up(plant.settings, place)
    first = restore(plant.settings, place, RestoreOptions(replace=True))
    assert (len(first.moved_aside), first.lost) == (1, ())
    plant.drop("c.csv", csv_line("M4", 9, 20.0))
    ingest_dataset(plant.settings, "press_line")
    assert ended_in(restore_killed_before_filling, plant.root, place) == -9
    done = restore(plant.settings, place, RestoreOptions(replace=True))
    assert done.moved_aside == (f"{first.moved_aside[0]}-2",)
    assert [(row.dataset, row.batch) for row in done.lost] == [("press_line", 3)]
    shutil.rmtree(plant.root / "lake")
    assert restore(plant.settings, place, RestoreOptions()).moved_aside == ()


@pytest.mark.exhaustive
def test_a_restore_on_a_full_disk_says_so_and_goes_on(plant, tmp_path):
    place, before = str(tmp_path / "backups"), contents(plant)
    back_up(plant.settings, place)
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text() + "# later\n" * 200)
    damaged = contract.read_text()
    for limit, lakes in ((1_000, 0), (3_000, 1)):  # the first stops at the contract, the second in the lake
        assert ended_in(restore_with_file_limit, plant.root, place, limit, tmp_path / "said") == 0
        assert (tmp_path / "said").read_text().startswith("restore_not_written")
        assert len([*plant.root.glob("lake.replaced-*")]) == lakes
        assert damaged in [path.read_text() for path in plant.root.rglob("contract.odcs.yaml")]
    assert not [*plant.root.rglob(".*.new")]
    done = restore(plant.settings, place, RestoreOptions(replace=True))
    assert contents(plant) == before
    assert Path(done.moved_aside[0]).is_dir()


@pytest.mark.exhaustive
def test_a_file_that_was_changed_since_the_last_backup_stops_the_next(plant, tmp_path):
    place = str(tmp_path / "backups")
    first = back_up(plant.settings, place)
    victim = next((plant.root / "lake" / "bronze").rglob("*.parquet"))
    victim.write_bytes(victim.read_bytes()[::-1])
    with pytest.raises(DataError) as refused:
        back_up(plant.settings, place)
    assert refused.value.code == "backup_files_changed"
    assert refused.value.facts["file"] == str(victim.relative_to(plant.root / "lake"))
    assert [row.id for row in list_backups(plant.settings, place)] == [first.id]


@pytest.mark.exhaustive
@pytest.mark.parametrize("write", [1, 2, 7, 23, 60])
def test_a_backup_that_was_killed_is_finished_by_the_next(plant, tmp_path, write):
    place, before = tmp_path / "backups", contents(plant)
    assert ended_in(back_up_killed_at, plant.root, place, write) == -9
    assert list_backups(plant.settings, str(place)) == []
    back_up(plant.settings, str(place))
    other = Plant(tmp_path / "other")
    restore(other.settings, str(place), RestoreOptions())
    assert contents(other) == before


@pytest.mark.exhaustive
@pytest.mark.parametrize("write", [1, 2, 7, 23, 60, 61, 62])
def test_a_restore_that_was_killed_is_finished_by_the_next_and_no_one_sees_a_part(plant, tmp_path, write):
    place, before = tmp_path / "backups", contents(plant)
    back_up(plant.settings, str(place))
    assert ended_in(restore_killed_at, plant.root, place, write) == -9
    with pytest.raises(MachineError) as refused:
        ingest_dataset(plant.settings, "press_line")
    assert refused.value.code == "lake_unfinished"
    restore(plant.settings, str(place), RestoreOptions(replace=True))
    assert contents(plant) == before
    with open_workspace(plant.settings).engine() as engine:
        assert (
            engine.info(next(info.name for info in engine.tables() if info.name.name == "schema_versions")).version < UNFINISHED
        )


@pytest.mark.exhaustive
def test_a_lake_in_the_way_stays_unless_it_may_be_moved(plant, tmp_path):
    place = str(tmp_path / "backups")
    back_up(plant.settings, place)
    with pytest.raises(UsageError) as refused:
        restore(plant.settings, place, RestoreOptions())
    assert refused.value.code == "restore_lake_exists"
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text() + "# later\n")
    with pytest.raises(UsageError) as refused:
        restore(plant.settings, place, RestoreOptions())
    assert refused.value.code == "restore_project_differs"
    done = restore(plant.settings, place, RestoreOptions(replace=True))
    assert "# later" not in contract.read_text()
    assert any("# later" in path.read_text() for path in Path(done.moved_aside[1]).rglob("contract.odcs.yaml"))


def test_keys_are_named_and_never_stored(plant, tmp_path):
    secret, place = "".join(f"{byte:02x}" for byte in range(7, 39)), tmp_path / "backups"
    settings = replace(plant.settings, token_key=secret)
    own = plant.root / ".lakeward"
    own.mkdir(exist_ok=True)
    (own / "connections.yaml").write_text("store: https://id:very-secret-word@host:9000\n")
    (own / "connections.yaml").chmod(0o600)
    made = back_up(settings, str(place))
    assert {key.kind for key in made.keys} >= {"key_of_tokens", "key_connections"}
    stored = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    assert secret.encode() not in stored
    assert b"very-secret-word" not in stored
    other = Settings(start=tmp_path / "other")
    done = restore(other, str(place), RestoreOptions())
    assert {key.kind for key in done.missing_keys} >= {"key_of_tokens", "key_connections"}
    assert restore(replace(other, token_key=secret), str(place), RestoreOptions(replace=True)).missing_keys == tuple(
        key for key in done.missing_keys if key.kind != "key_of_tokens"
    )


def test_a_place_of_something_else_is_not_written(plant, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("mine")
    for place, code in (
        (tmp_path / "used", "backup_place_used"),
        (plant.root / "lake" / "backups", "backup_place_in_lake"),
        (plant.root, "backup_place_in_lake"),
    ):
        with pytest.raises(UsageError) as refused:
            back_up(plant.settings, str(place))
        assert refused.value.code == code
    with pytest.raises(UsageError) as refused:
        list_backups(plant.settings, str(tmp_path / "used"))
    assert refused.value.code == "backup_place_missing"


@pytest.mark.exhaustive
def test_stored_files_are_for_their_owner_alone(plant, tmp_path):
    place = tmp_path / "backups"
    back_up(plant.settings, str(place), immutable_days=1)
    assert {path.stat().st_mode & 0o777 for path in objects(place)} == {0o400}
    assert json.loads((place / "lakeward-backups.json").read_text()) == {"format": 1}


def test_a_file_whose_name_holds_another_end_of_line_comes_back(plant, tmp_path):
    name = "expectations/datasets/press_line/notes\u2028\u0085.md"
    (plant.root / name).write_text("read me", encoding="utf-8")
    back_up(plant.settings, str(tmp_path / "backups"))
    other = Plant(tmp_path / "other")
    restore(other.settings, str(tmp_path / "backups"), RestoreOptions())
    assert (other.root / name).read_text(encoding="utf-8") == "read me"
