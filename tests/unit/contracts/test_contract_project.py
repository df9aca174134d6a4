"""A project found, read, and asked for its datasets."""

import shutil
from pathlib import Path, PurePosixPath

import pytest

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import ContractError, ExitCode, SettingsError, UsageError
from lakeward.core.messages import Lang
from support.contract_texts import OEE, PRESS

PROJECT = "name: plant\ntimezone: Asia/Shanghai\nlanguages: [zh, en]\nlake: s3://lake/plant\nroots: [../drop, /data]\n"


@pytest.fixture
def plant(tmp_path):
    """A project of two datasets."""
    write(tmp_path, "project.yaml", PROJECT)
    write(tmp_path, "datasets/press_line/contract.odcs.yaml", PRESS)
    write(tmp_path, "datasets/oee/contract.odcs.yaml", OEE)
    write(tmp_path, "datasets/oee/models/oee.sql", "SELECT 1")
    (tmp_path / "expectations/datasets/draft").mkdir()
    return tmp_path


def write(root, path, content):
    file = root / "expectations" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def test_project_is_found_upward_from_any_folder_inside(plant):
    assert find_project(plant / "expectations" / "datasets" / "oee") == plant
    assert find_project(plant) == plant


def test_no_project_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="lakeward init plant") as refused:
        find_project(tmp_path)
    assert str(tmp_path) in str(refused.value)
    assert refused.value.exit_code is ExitCode.WRONG_USE


def test_a_folder_beside_a_project_is_not_in_it(plant):
    (plant.parent / "other").mkdir()
    with pytest.raises(UsageError):
        find_project(plant / ".." / "other")


def test_project_file_is_read(plant):
    project = load_project(plant)
    assert (project.name, project.zone, project.languages) == ("plant", "Asia/Shanghai", (Lang.ZH, Lang.EN))
    assert (project.lake, project.roots) == ("s3://lake/plant", (plant.parent / "drop", Path("/data")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lake:", "lakes:", "Unknown key 'lakes'. Did you mean: lake?"),
        ("Asia/Shanghai", "Asia/Peking", "'timezone' has an invalid value. Expected: an IANA time zone"),
        ("timezone: Asia/Shanghai\n", "", "'timezone' is missing."),
        ("[zh, en]", "[fr]", "'languages' has an invalid value. Expected: a list of: en, zh"),
        ("lake:", "engine: sparc\nlake:", "'engine' has an invalid value. Expected: embedded or spark; found: sparc"),
        ("name: plant", "name: my plant", "'name' has an invalid value. Expected: letters, digits, _ and -"),
        (PROJECT, "[]", "The file is not a YAML mapping"),
        (PROJECT, "a: [", "Not valid YAML"),
    ],
)
def test_wrong_project_file_is_refused_with_its_line(tmp_path, old, new, message):
    write(tmp_path, "project.yaml", PROJECT.replace(old, new))
    with pytest.raises(SettingsError) as refused:
        load_project(tmp_path)
    assert str(refused.value).startswith(message)
    assert "\nNext: correct expectations/project.yaml:" in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "in_contract", "in_project", "engine"),
    [
        (None, "", "", "embedded"),
        (None, "", "engine: spark\n", "spark"),
        (None, "  - {property: engine, value: embedded}\n", "engine: spark\n", "embedded"),
        ("spark", "  - {property: engine, value: embedded}\n", "engine: embedded\n", "spark"),
    ],
)
def test_the_environment_names_the_engine_before_the_contract_and_that_before_the_project(
    plant, asked, in_contract, in_project, engine
):
    write(plant, "datasets/press_line/contract.odcs.yaml", PRESS + in_contract)
    write(plant, "project.yaml", PROJECT + in_project)
    project = load_project(plant)
    assert project.engine_for(project.contract("press_line"), asked) == engine


def test_datasets_are_the_folders_with_a_contract(plant):
    (plant / "expectations/datasets/notes").mkdir()
    assert load_project(plant).datasets() == ("oee", "press_line")


def test_a_project_without_the_folder_has_no_datasets(plant):
    shutil.rmtree(plant / "expectations/datasets")
    assert load_project(plant).datasets() == ()


def test_contract_is_read_by_the_name_of_its_folder(plant):
    project = load_project(plant)
    assert project.contract("press_line").name == "press_line"
    assert project.suite_path("oee") == plant / "expectations/datasets/oee/suite.json"
    assert project.model_path("oee", PurePosixPath("models/oee.sql")).read_text() == "SELECT 1"


def test_unknown_dataset_is_told_with_close_names(plant):
    with pytest.raises(UsageError, match=r"Project plant has no dataset 'pres_line'\. Did you mean: press_line\?"):
        load_project(plant).contract("pres_line")


@pytest.mark.parametrize("name", ["../../etc", "draft", "", "oee/models", "OEE"])
def test_name_that_is_no_dataset_leads_to_no_file(plant, name):
    with pytest.raises(UsageError, match="has no dataset"):
        load_project(plant).contract_path(name)


def test_contract_of_another_name_than_its_folder_is_refused(plant):
    write(plant, "datasets/press_two/contract.odcs.yaml", PRESS)
    with pytest.raises(ContractError, match="The contract's name 'press_line' differs from its folder's name 'press_two'"):
        load_project(plant).contract("press_two")


def test_model_that_a_link_leads_out_of_the_folder_is_refused(plant):
    (plant / "expectations/datasets/oee/models/out.sql").symlink_to("/etc/hostname")
    with pytest.raises(ContractError) as refused:
        load_project(plant).model_path("oee", PurePosixPath("models/out.sql"))
    assert refused.value.code == "contract_model_missing"


def test_message_calls_a_contract_by_its_path_in_the_project(plant):
    write(plant, "datasets/oee/contract.odcs.yaml", OEE.replace("grain: day", "grain: week"))
    with pytest.raises(ContractError, match=r"Next: correct expectations/datasets/oee/contract.odcs.yaml:14:76"):
        load_project(plant).contract("oee")
