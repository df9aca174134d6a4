"""A copy of part of a lake for a drill, which can send nothing: it keeps no address, no secret and no queued event of the project."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.flows.base.locked_folder import LockedFolder
from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.access_rules import RULES_FILE

# Keys of `project.yaml` that a copy keeps: none of them names a place outside of it.
KEPT_KEYS = ("name", "timezone", "languages", "highest_grade", "min_group_size")
LAKE = "lake"
# Beginning of the names of copies.
COPIES = "lakeward-drill-"
# Tables that a copy leaves out: its logs are sealed anew, and it has no one to send notices to.
_UNCOPIED = ("seals", "seal_leaves", "subscriptions", "notices")


@contextmanager
def copy_for_drill(workspace: Workspace, contract: Contract) -> Iterator[Settings]:
    """Settings of a copy with the governance tables and the tables of one dataset, removed at the end; or by the next drill, if this one is killed.

    Raises:
        UsageError: The lake is not a folder.
    """
    if workspace.lake.bucket() is not None:
        raise UsageError("drill_no_folder")
    folder = LockedFolder(COPIES)
    try:
        root = folder.path / "plant"
        _copy_project(workspace, contract, root)
        _copy_tables(workspace.files, contract.name, root / LAKE)
        yield Settings(start=root, lang=workspace.settings.lang, memory=workspace.settings.memory)
    finally:
        folder.delete()


def _copy_project(workspace: Workspace, contract: Contract, root: Path) -> None:
    project, own = workspace.project, root / "expectations"
    shutil.copytree(project.contract_path(contract.name).parent, own / "datasets" / contract.name)
    (root / POLICY_FILE).parent.mkdir(parents=True)
    for file in (POLICY_FILE, RULES_FILE):
        if (project.root / file).is_file():
            shutil.copy(project.root / file, root / file)
    stated = yaml.load((project.root / "expectations" / "project.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    kept = {key: stated[key] for key in KEPT_KEYS if key in stated}
    (own / "project.yaml").write_text(yaml.safe_dump({**kept, "lake": LAKE}, allow_unicode=True), encoding="utf-8")


def _copy_tables(lake: Path, dataset: str, target: Path) -> None:
    for layer in Layer:
        folder = lake / layer
        names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        chosen = [name for name in names if (name == dataset or layer is Layer.GOVERNANCE) and name not in _UNCOPIED]
        for name in chosen:
            if (folder / name).is_dir():
                shutil.copytree(folder / name, target / layer / name)
