"""A lake in a container of Azure's blobs, tried against Azurite: the same rows and laws as in a folder."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.core.storage.probe import check_conditional_replace, check_store, races_large
from lakeward.flows import (
    KeyAuthor,
    MigrationOptions,
    back_up,
    check_machine,
    ingest_dataset,
    maintain,
    migrate,
    rebuild_silver,
    rotate_key,
)
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.read_model import ReadModel
from support.azurite import CONTAINER, FOLDER, PORT, URL, WHY_NOT, azurite
from support.plant import Plant, make_plant
from support.remote_plant import contents, drop_first, drop_second, fill, other_machine

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(FOLDER is None, reason=WHY_NOT),
    pytest.mark.skipif(find_spec("duckdb_extension_azure") is None, reason="needs the extra azure"),
]


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    with azurite(tmp_path_factory.mktemp("azurite")):
        yield


@pytest.fixture
def plant(container, tmp_path):
    made = make_plant(tmp_path / "plant")
    lay_in_azure(made.root, tmp_path.name)
    return made


def lay_in_azure(root, prefix, url=URL):
    file = root / "expectations" / "project.yaml"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith(("lake:", "storage:"))]
    file.write_text("\n".join([*lines, f"lake: az://{CONTAINER}/{prefix}", "storage: {connection: store}"]) + "\n")
    name_account(root, url)


def name_account(root, url=URL):
    connections = root / ".lakeward" / "connections.yaml"
    connections.parent.mkdir(exist_ok=True)
    connections.write_text(f"store: {url}\n", encoding="utf-8")
    connections.chmod(0o600)


def test_it_has_the_rows_of_a_lake_in_a_folder(plant, tmp_path):
    in_a_folder = make_plant(tmp_path / "folder" / "plant")
    fill(in_a_folder)
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    other = Plant(other_machine(plant.root, tmp_path / "other" / "plant"))
    drop_second(other)
    ingest_dataset(other.settings, "press_line")
    expected = contents(in_a_folder)
    assert contents(plant) == contents(other) == expected
    assert ingest_dataset(plant.settings, "press_line").batches == 0
    rebuild_silver(plant.settings, "press_line")
    results, errors = maintain(plant.settings)
    assert (bool(results), errors) == (True, {})
    assert contents(plant)["silver.press_line"] == expected["silver.press_line"]


def test_the_store_lets_one_writer_succeed(plant):
    lake = open_workspace(plant.settings).lake
    check_store(lake)
    check_conditional_replace(lake)
    assert not races_large(lake)
    assert all(one.ok for one in check_machine(plant.settings) if one.check in {"lake", "engine embedded"})


def test_the_portal_follows_it(plant, tmp_path):
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    model = ReadModel(open_workspace(plant.settings), tmp_path / "model")
    model.refresh()
    drop_second(plant)
    ingest_dataset(plant.settings, "press_line")
    assert model.refresh()
    with model.read() as reading:
        assert reading.family("totals").single_row["rows_in"] == 10
    model.close()


def test_a_lake_moves_there_and_is_backed_up_there(container, tmp_path):
    plant = make_plant(tmp_path / "plant")
    fill(plant)
    before = contents(plant)
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text() + "storage: {connection: store}\n")
    name_account(plant.root)
    migrate(plant.settings, MigrationOptions(to=f"az://{CONTAINER}/moved"))
    assert contents(plant)["silver.press_line"] == before["silver.press_line"]
    back_up(plant.settings, f"az://{CONTAINER}/backups")
    assert back_up(plant.settings, str(tmp_path / "backups"))


@pytest.mark.parametrize(
    ("url", "prefix", "code"),
    [
        (URL.replace("Eby8", "Abc8"), "x", "lake_denied"),
        (URL.replace(f":{PORT}", ":1"), "x", "lake_unreachable"),
    ],
)
def test_what_is_wrong_is_named(plant, url, prefix, code):
    lay_in_azure(plant.root, prefix, url)
    with pytest.raises(LakewardError) as caught:
        check_store(open_workspace(plant.settings).lake)
    assert caught.value.code == code
    for lang in Lang:
        assert not {"Eby8", "Abc8"} & {word[:4] for word in caught.value.render(lang).split()}


def test_a_container_that_does_not_exist_is_named(plant):
    lake = open_workspace(plant.settings).lake
    with pytest.raises(LakewardError) as caught:
        check_store(replace(lake, address="az://no-such-container/lake"))
    assert caught.value.code == "lake_bucket_missing"


def test_keys_of_columns_are_refused(plant):
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    with pytest.raises(LakewardError) as caught:
        rotate_key(Settings(start=plant.root), "silver.press_line.machine", "sm4", KeyAuthor(by="li.wei", reason="test"))
    assert caught.value.code == "lake_keys_not_in_azure"
