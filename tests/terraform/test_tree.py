"""What holds of the files themselves, on a machine without Terraform too."""

import re

import pytest
import yaml

from support.terraform_tool import TREE

MODULES = sorted(path.name for path in (TREE / "modules").iterdir())
FOLDERS = [f"modules/{name}" for name in MODULES] + ["environments/dev", "environments/prod"]
VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r'^output "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
EXPECTED = ["policy", "keys", "storage", "identity", "catalog", "network", "ingest", "compute_spark", "orchestration", "serving"]


def read(folder: str, pattern: str = "*.tf") -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((TREE / folder).glob(pattern)))


def test_every_module_is_there_and_described():
    assert set(MODULES) == {*EXPECTED, "observability", "backup", "lakehouse"}
    readme = (TREE / "README.md").read_text(encoding="utf-8")
    assert [name for name in MODULES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_variable_and_output_says_what_it_is(folder):
    variables = dict(VARIABLE.findall(read(folder)))
    assert variables
    assert [
        name
        for name, body in variables.items()
        if not re.search(r"^  type +=", body, re.MULTILINE) or "description = " not in body
    ] == []
    assert [name for name, body in OUTPUT.findall(read(folder)) if "description = " not in body] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_validation_has_a_case_that_fails(folder):
    wanted = {name: body.count("validation {") for name, body in VARIABLE.findall(read(folder)) if "validation {" in body}
    tests = read(f"{folder}/tests", "*.tftest.hcl")
    assert {name: tests.count(f"expect_failures = [var.{name}]") for name in wanted} == wanted


def test_modules_configure_no_provider_and_environments_do():
    assert [name for name in MODULES if re.search(r'^provider "', read(f"modules/{name}"), re.MULTILINE)] == []
    assert [name for name in ("dev", "prod") if 'provider "aws"' not in read(f"environments/{name}")] == []


def test_nothing_names_where_providers_come_from():
    addresses = re.compile(r"registry\.terraform|filesystem_mirror|network_mirror|releases\.hashicorp")
    files = [path for path in TREE.rglob("*") if path.is_file() and ".terraform/" not in path.as_posix()]
    assert len(files) > 60
    assert [path.name for path in files if addresses.search(path.read_text(encoding="utf-8"))] == []
    assert [path for path in files if path.name == ".terraform.lock.hcl"] == []


def test_no_address_is_of_one_partition_alone():
    """`arn:aws:` in a module would be wrong in China; only what recognises both may hold it."""
    found = [line.strip() for name in MODULES for line in read(f"modules/{name}").splitlines() if "arn:aws:" in line]
    assert found == []


def test_every_type_of_resource_has_a_level():
    types = {name for module in MODULES for name in re.findall(r'^resource "(\w+)"', read(f"modules/{module}"), re.MULTILINE)}
    levels = yaml.safe_load((TREE / "emulator.yaml").read_text(encoding="utf-8"))
    assert sorted([*levels["L1"], *levels["L2"], *levels["L3"]]) == sorted(types)
