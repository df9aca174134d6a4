"""Turns a file of the user's into a dataset: its contract and suite as a first draft, and the file in its drop folder."""

import shutil
from pathlib import Path

from lakeward.core.errors import UsageError
from lakeward.core.names import DATASET_NAME
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import draft, profile_file


def draft_dataset(settings: Settings, name: str, sample: Path, sheet: str | None = None) -> Path:
    """Write `expectations/datasets/<name>/` and put `sample` into its drop folder; the dataset's folder.

    Args:
        sheet: Of a workbook; None: the only one with something in it.

    Raises:
        UsageError: The name is not allowed or taken, or the file is not there or holds nothing.
    """
    workspace = open_workspace(settings)
    folder = workspace.project.root / "expectations" / "datasets" / name
    if not DATASET_NAME.fullmatch(name):
        raise UsageError("dataset_name_invalid", found=name)
    if folder.exists():
        raise UsageError("dataset_exists", dataset=name, folder=folder)
    if not sample.is_file():
        raise UsageError("sample_not_found", file=sample)
    with workspace.engine() as engine:
        contract, suite = draft(profile_file(engine, sample, sheet), name, workspace.project.zone)
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")
    (folder / "suite.json").write_text(suite, encoding="utf-8")
    drop = workspace.project.root / "inbox" / name
    drop.mkdir(parents=True, exist_ok=True)
    shutil.copy2(sample, drop / sample.name)
    return folder
