"""Datasets whose key is only proposed: it does not identify rows yet."""

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError


def proposed_keys(project: Project) -> dict[str, tuple[str, ...]]:
    """The proposed key of each dataset that has one; contracts that are not valid are left out: their own lint tells them."""
    found = {}
    for name in project.datasets():
        try:
            key = project.contract(name).proposed_key
        except ContractError:
            continue
        if key:
            found[name] = key
    return found
