"""What may not lie in the tree: addresses in the lock, paths of one machine, leftovers, catalogues without a source."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from support import source_tree

HOMES = ("home", "root", "Users", "work")
MACHINE = re.compile(r"(?<![\w.\-}$])/(?:" + "|".join(HOMES) + r")/\w")
LEFTOVERS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
LARGEST = 1_000_000
CATALOGUES = [path for path in source_tree.files() if path.startswith("expectations/catalogues/") and path.endswith(".yaml")]


def texts():
    found = {path: (source_tree.ROOT / path).read_text(encoding="utf-8", errors="replace") for path in source_tree.files()}
    assert len(found) > 50
    return found


def test_the_lock_names_no_address():
    lock = (source_tree.ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert lock.count("--hash=sha256:") > 100
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", lock) == []


def test_the_lock_holds_what_the_project_asks_for():
    project = tomllib.loads((source_tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[<>=!\[ ]", line)[0] for extra in project["optional-dependencies"].values() for line in extra}
    wanted |= {re.split(r"[<>=!\[ ]", line)[0] for line in project["dependencies"]}
    locked = set(re.findall(r"^([\w.\-]+)==", (source_tree.ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert len(wanted) > 10
    assert {name.lower() for name in wanted} - {name.lower() for name in locked} == set()


def test_no_path_of_one_machine_is_in_the_tree():
    assert [f"{path}: {hit[0]}" for path, text in texts().items() if (hit := MACHINE.search(text))] == []


def test_nothing_is_left_for_later():
    assert [path for path, text in texts().items() if path != "LICENSE" and "\0" not in text and LEFTOVERS.search(text)] == []


def test_no_large_file_is_in_the_tree():
    assert [path for path in source_tree.files() if (source_tree.ROOT / path).stat().st_size > LARGEST] == []


def test_there_are_catalogues():
    assert CATALOGUES


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_catalogue_names_its_edition_source_and_certainty(path):
    catalogue = yaml.safe_load((source_tree.ROOT / path).read_text(encoding="utf-8"))
    assert catalogue["edition"]
    assert catalogue["source"]
    assert catalogue["certainty"]


def test_layers_of_the_house_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([linter, "--no-cache"], cwd=source_tree.ROOT, capture_output=True, text=True, check=False)
    assert "0 broken" in checked.stdout
    assert checked.returncode == 0
