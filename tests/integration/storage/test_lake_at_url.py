"""A lake in an object store: the same flows, rows and laws as in a folder."""

from dataclasses import replace

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import ingest_dataset, list_tables, maintain, rebuild_silver, rename_dataset
from lakeward.flows.base.workspace import open_workspace
from support.plant import csv_line, make_plant
from support.remote_plant import RemotePlant, contents, drop_first, drop_second, fill, make_remote_plant


@pytest.fixture(scope="module")
def in_a_folder(tmp_path_factory):
    plant = make_plant(tmp_path_factory.mktemp("folder") / "plant")
    fill(plant)
    return contents(plant)


def test_a_lake_at_a_url_has_the_rows_of_one_in_a_folder(endpoint, tmp_path, in_a_folder):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "same")
    fill(plant)
    assert contents(plant) == in_a_folder
    assert all(table.path.startswith("s3://plant/same/") for table in list_tables(plant.settings))
    assert not (plant.root / "lake").exists()


def test_a_run_that_finds_nothing_new_commits_to_no_table(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "idle")
    fill(plant)
    before = list_tables(plant.settings)
    assert ingest_dataset(plant.settings, "press_line").batches == 0
    assert list_tables(plant.settings) == before


def test_another_machine_goes_on_where_this_one_ended(endpoint, tmp_path, in_a_folder):
    """Only the store is common: the other machine has neither landing nor copies."""
    first = make_remote_plant(tmp_path / "first" / "plant", endpoint, "two")
    second = RemotePlant(make_plant(tmp_path / "second" / "plant").root, endpoint, "two")
    drop_first(first)
    ingest_dataset(first.settings, "press_line")
    drop_second(second)
    ingest_dataset(second.settings, "press_line")
    assert contents(second) == in_a_folder


@pytest.mark.exhaustive
def test_a_rebuild_replaces_what_lies_at_the_url(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "rebuild")
    fill(plant)
    before = contents(plant)
    rebuild_silver(plant.settings, "press_line")
    after = contents(plant)
    assert after["silver.press_line"] == before["silver.press_line"]
    assert after["quarantine.press_line"] == before["quarantine.press_line"]
    plant.drop("c.csv", csv_line("M2", 7, 20.5))
    ingest_dataset(plant.settings, "press_line")
    with open_workspace(plant.settings).engine() as engine:
        assert engine.fetch("SELECT count(*) AS n FROM silver.press_line")[0]["n"] == len(before["silver.press_line"]) + 1


@pytest.mark.exhaustive
def test_maintenance_keeps_every_row(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "maintain")
    fill(plant)
    for number in range(4):
        plant.drop(f"m{number}.csv", csv_line("M3", number, 20.5))
        ingest_dataset(plant.settings, "press_line")
    before = contents(plant)["silver.press_line"]
    results, errors = maintain(plant.settings)
    assert errors == {}
    assert next(one for one in results if one.table == "silver.press_line").files_after == 1
    assert contents(plant)["silver.press_line"] == before


def test_a_lake_without_credentials_is_an_error_that_says_where_they_go(tmp_path):
    plant = make_plant(tmp_path / "plant")
    with pytest.raises(LakewardError) as caught:
        open_workspace(replace(plant.settings, lake="s3://plant/lake"))
    assert caught.value.code == "lake_without_credentials"


def test_credentials_are_of_one_place(tmp_path):
    plant = make_plant(tmp_path / "plant")
    project = plant.root / "expectations" / "project.yaml"
    project.write_text(project.read_text(encoding="utf-8") + "storage: {connection: store}\n", encoding="utf-8")
    store = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "of the environment", "AWS_SESSION_TOKEN": "token"}

    def options(url):
        return open_workspace(
            replace(plant.settings, lake="s3://plant/lake", connections={"STORE": url}, store=store)
        ).lake.options

    found = [(each.key_id, each.secret, each.token) for each in map(options, ("http://host", "http://me:mine@host"))]
    assert found == [("id", "of the environment", "token"), ("me", "mine", None)]
    with pytest.raises(LakewardError) as caught:
        options("http://me@host")
    assert caught.value.code == "lake_without_credentials"


@pytest.mark.exhaustive
def test_a_renamed_dataset_stays_where_it_lies_in_the_store(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "renamed")
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    before = {str(table.table): (table.rows, table.path) for table in list_tables(plant.settings)}
    rename_dataset(plant.settings, "press_line", "press_a")
    after = {str(table.table): (table.rows, table.path) for table in list_tables(plant.settings)}
    assert after["silver.press_a"] == before["silver.press_line"]
    drop_second(plant)
    assert ingest_dataset(plant.settings, "press_a").batches == 1
    assert ingest_dataset(plant.settings, "press_a").batches == 0
    with open_workspace(plant.settings).engine() as engine:
        assert engine.fetch("SELECT max(batch_seq) AS n FROM governance.runs WHERE dataset = 'press_a'") == [{"n": 2}]
        assert engine.fetch("SELECT count(DISTINCT _batch_seq) AS n FROM bronze.press_a") == [{"n": 2}]
