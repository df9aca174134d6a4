"""A lake whose credentials are those of the role that the container runs as."""

from dataclasses import replace

from lakeward.flows import ingest_dataset, list_tables
from lakeward.flows.base.workspace import open_workspace
from support.object_stores import KEY_ID, SECRET
from support.remote_plant import drop_first, make_remote_plant
from support.task_role import credentials, task_role


def test_a_run_uses_the_role_and_asks_for_it_anew(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "role")
    with task_role(credentials(KEY_ID, SECRET)) as role:
        store = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint, **role.variables}
        settings = replace(plant.settings, store=store)
        drop_first(plant)
        assert ingest_dataset(settings, "press_line").batches == 1
        before = len(role.asked)
        assert {str(table.table): table.rows for table in list_tables(settings)}["silver.press_line"] == 2
        assert len(role.asked) > before


def test_a_region_in_china_has_its_own_address(tmp_path, endpoint):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "china")
    store = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "cn-north-1"}
    options = open_workspace(replace(plant.settings, store=store)).lake.options
    assert (options.endpoint, options.path_style) == ("https://s3.cn-north-1.amazonaws.com.cn", True)
