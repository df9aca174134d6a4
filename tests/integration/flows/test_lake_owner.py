"""A lake belongs to one project: another one that names it is refused before it reads or writes anything."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest

from lakeward.contracts.project import load_project
from lakeward.core.errors import MachineError, UsageError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake
from lakeward.flows import (
    MigrationOptions,
    back_up,
    collect,
    ingest_dataset,
    list_tables,
    maintain,
    migrate,
    open_connection,
    project_status,
    run_all,
)
from lakeward.flows.base.lake_owner import claim_lake
from support.command_line import run_command
from support.lease_holders import other_process
from support.linkless import ingest_without_links
from support.mqtt_plant import MqttPlant
from support.plant import Plant, csv_line, make_plant


def filled(root):
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(filled, tmp_path / "plant"))


@pytest.fixture
def stranger(plant, tmp_path):
    """Another project, of another name, with a dataset of the same name, over the lake of `plant`."""
    other = make_plant(tmp_path / "other")
    other.drop("b.csv", csv_line("M2", 0, 33))
    return replace(other.settings, lake=str(plant.root / "lake"))


def test_no_flow_of_another_project_opens_the_lake(plant, stranger, tmp_path):
    before = list_tables(plant.settings)
    calls = (
        lambda: ingest_dataset(stranger, "press_line"),
        lambda: run_all(stranger),
        lambda: project_status(stranger),
        lambda: maintain(stranger),
        lambda: open_connection(stranger, "steward"),
        lambda: back_up(stranger, str(tmp_path / "backups")),
        lambda: migrate(stranger, MigrationOptions(to=str(tmp_path / "moved"))),
    )
    for call in calls:
        with pytest.raises(UsageError) as refused:
            call()
        assert refused.value.code == "lake_of_other_project"
        assert (refused.value.facts["found"], refused.value.facts["expected"]) == ("plant", "other")
    assert all(len(refused.value.render(lang).splitlines()) == 2 for lang in Lang)
    assert list_tables(plant.settings) == before


def test_a_copied_or_moved_project_keeps_its_lake(plant, tmp_path):
    copy = Plant(shutil.copytree(plant.root, tmp_path / "elsewhere"))
    assert ingest_dataset(copy.settings, "press_line").batches == 0
    migrate(copy.settings, MigrationOptions(to=str(tmp_path / "moved")))
    assert ingest_dataset(copy.settings, "press_line").batches == 0


def test_a_lake_of_before_is_claimed_by_the_first_run(plant, stranger):
    (plant.root / "lake" / ".project").unlink()
    assert [status.dataset for status in project_status(stranger)] == ["press_line"]
    assert ingest_dataset(plant.settings, "press_line").batches == 0
    with pytest.raises(UsageError):
        project_status(stranger)


def test_flows_that_begin_a_lake_at_once_all_claim_it(tmp_path):
    project, start = load_project(make_plant(tmp_path / "plant").root), Barrier(4)

    def claim(folder):
        start.wait()
        claim_lake(Lake.in_folder(str(folder)), project)
        return (folder / ".project").read_text()

    with ThreadPoolExecutor(4) as flows:
        for number in range(100):
            assert len(set(flows.map(claim, [tmp_path / f"lake{number}"] * 4))) == 1


@pytest.mark.parametrize("content", [b"plant\n", b"\xef\xbb\xbfplant\r\n", b"", b"\n"])
def test_a_name_that_a_person_wrote_into_the_lake_counts(plant, content):
    (plant.root / "lake" / ".project").write_bytes(content)
    assert ingest_dataset(plant.settings, "press_line").batches == 0


def test_what_is_no_name_is_refused_without_a_trace(plant):
    owner = plant.root / "lake" / ".project"
    owner.write_bytes(b"\xb2\xe2")
    with pytest.raises(UsageError, match="belongs to project"):
        project_status(plant.settings)
    owner.unlink()
    owner.mkdir()
    with pytest.raises(MachineError):
        ingest_dataset(plant.settings, "press_line")


def name_id(plant, project_id):
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(f"{file.read_text()}id: {project_id}\n")


@pytest.fixture
def namesake(plant, tmp_path):
    """Another project of the same name, with an id of its own, over the lake of `plant`."""
    other = make_plant(tmp_path / "elsewhere" / "plant")
    name_id(other, "p2")
    other.drop("b.csv", csv_line("M2", 0, 33))
    return replace(other.settings, lake=str(plant.root / "lake"))


def test_projects_of_one_name_are_told_apart_by_their_ids(plant, namesake):
    name_id(plant, "p1")
    ingest_dataset(plant.settings, "press_line")  # a lake of before gets the id of its project
    before = list_tables(plant.settings)
    for call in (lambda: ingest_dataset(namesake, "press_line"), lambda: project_status(namesake)):
        with pytest.raises(UsageError) as refused:
            call()
        assert refused.value.code == "lake_of_same_name"
        assert (refused.value.facts["found"], refused.value.facts["expected"]) == ("p1", "p2")
    assert all(len(refused.value.render(lang).splitlines()) == 2 for lang in Lang)
    assert list_tables(plant.settings) == before


def test_a_new_project_has_an_id_of_its_own(tmp_path, capsys):
    for name in ("a", "b"):
        assert run_command(capsys, tmp_path, "init", str(tmp_path / name / "plant")).code == 0
    found = [load_project(tmp_path / name / "plant").id for name in ("a", "b")]
    assert all(found)
    assert found[0] != found[1]


def test_a_collector_claims_the_lake_and_none_of_another_project_starts(tmp_path):
    stopped, environ = Event(), {"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1", "LAKEWARD_LAKE": str(tmp_path / "lake")}
    stopped.set()
    first, second = (Settings.load(MqttPlant(tmp_path / name, "").root, environ=environ) for name in ("first", "second"))
    assert collect(first, [], stopped, lambda *_: None) == {}
    with pytest.raises(UsageError) as refused:
        collect(second, [], stopped, lambda *_: None)
    assert refused.value.code == "lake_of_other_project"


def test_a_file_system_without_hard_links_is_named_before_anything_is_committed(tmp_path):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20))
    with other_process(ingest_without_links, plant.root) as (_, pipe):
        assert pipe.recv() == ("folder_without_links", [2, 2])
    assert not [*(plant.root / "lake").rglob("*.parquet")]
