"""L0: the files are well formed, and what tools know of good practice holds of them."""

import json
import subprocess

import pytest

from support.moto_server import HAS_TOOLS, NO_TOOLS, TOOLS
from support.terraform_tool import TREE, needs_terraform

FOLDERS = [f"modules/{path.name}" for path in sorted((TREE / "modules").iterdir())] + ["environments/dev", "environments/prod"]
needs_tools = pytest.mark.skipif(not HAS_TOOLS, reason=NO_TOOLS)


@needs_terraform(provider=False)
def test_every_file_is_formatted():
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-list=true", TREE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@needs_terraform()
@pytest.mark.parametrize("folder", ["environments/prod", *(pytest.param(f, marks=pytest.mark.exhaustive) for f in FOLDERS[:-1])])
def test_a_folder_is_valid(copy, folder):
    copy.init(folder)
    found = json.loads(copy.run(folder, "validate", "-json").stdout)
    assert (found["valid"], found["error_count"], found["warning_count"]) == (True, 0, 0)


@needs_tools
@pytest.mark.exhaustive
def test_checkov_finds_nothing_that_is_not_reasoned(copy):
    words = [TOOLS / "checkov", "-d", copy.root / "terraform" / "modules", "--framework", "terraform", "--quiet", "-o", "json"]
    more = [
        "--external-checks-dir",
        copy.root / "terraform" / "checkov",
        "--config-file",
        copy.root / "terraform" / ".checkov.yaml",
    ]
    done = subprocess.run([*words, *more], capture_output=True, text=True, check=False, timeout=300)
    found = json.loads(done.stdout)
    failed = [f"{check['check_id']} {check['resource']} {check['file_path']}" for check in found["results"]["failed_checks"]]
    assert failed == []
    assert found["summary"]["passed"] > 100
