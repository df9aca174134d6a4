"""Backups beside running batches are of one instant, and those of another project are not mixed into this one."""

import re
import threading

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import RestoreOptions, back_up, ingest_dataset, restore
from support.plant import Plant, csv_line, make_plant
from support.remote_plant import fill


def filled(root):
    fill(make_plant(root))


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("replaces", [False, True])
def test_a_backup_of_another_project_is_not_mixed_into_this_one(plant, tmp_path, replaces):
    place, project = str(tmp_path / "backups"), plant.root / "expectations" / "project.yaml"
    back_up(plant.settings, place)
    project.write_text(re.sub(r"^name: .*$", "name: elsewhere", project.read_text(), flags=re.MULTILINE))
    before = files_of(plant.root)
    with pytest.raises(UsageError) as refused:
        restore(plant.settings, place, RestoreOptions(replace=replaces))
    assert (refused.value.code, refused.value.facts["expected"]) == ("restore_other_project", "elsewhere")
    assert files_of(plant.root) == before


def files_of(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def receive_until(stop, plant):
    """Deliver and run a batch after the other."""
    for number in range(200):
        if stop.is_set():
            return
        plant.drop(f"beside{number}.csv", csv_line("M7", number, 21.0), csv_line("M1", 1, 40.0 + number))
        ingest_dataset(plant.settings, "press_line")


@pytest.mark.exhaustive
def test_a_backup_beside_running_batches_is_of_one_instant(plant, tmp_path):
    place, stop = str(tmp_path / "backups"), threading.Event()
    running = threading.Thread(target=receive_until, args=(stop, plant))
    running.start()
    try:
        made = [back_up(plant.settings, place).id for _ in range(5)]
    finally:
        stop.set()
        running.join()
    batches = []
    for backup in made:
        other = Plant(tmp_path / backup)
        done = restore(other.settings, place, RestoreOptions(backup=backup, verify=True))
        assert done.replay.problems == ()
        batches.append(done.replay.batches)
        ingest_dataset(other.settings, "press_line")  # a batch that was under way is finished
        assert "records_lost" not in [code for code, _ in ingest_dataset(other.settings, "press_line").warnings]
    assert batches == sorted(batches)
    assert batches[-1] > batches[0]
