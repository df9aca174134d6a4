"""Copies of the tree for Terraform to write in."""

import pytest

from support.terraform_tool import Copy, copy_tree


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_tree(tmp_path_factory.mktemp("terraform"))
