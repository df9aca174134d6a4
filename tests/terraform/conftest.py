"""Copies of the tree for Terraform to write in, and the one deployment that is applied to moto."""

from collections.abc import Iterator

import pytest

from support.deployment import Deployment, deployed
from support.terraform_tool import Copy, copy_tree


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_tree(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Applied once for all tests, since that takes minutes."""
    with deployed(tmp_path_factory.mktemp("emulated")) as made:
        yield made
