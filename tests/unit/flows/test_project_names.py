"""A new project can be read, whatever its folder is called."""

import pytest

from lakeward.contracts.project import load_project
from lakeward.flows import create_project


@pytest.mark.parametrize(
    ("folder", "name"),
    [("2026", "2026"), ("on", "on"), ("1_000", "1_000"), ("null", "null"), ("x" * 90, "x" * 63), ("工厂", "plant")],
)
def test_a_project_is_named_by_its_folder(tmp_path, folder, name):
    assert load_project(create_project(tmp_path / folder)).name == name
