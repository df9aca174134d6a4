"""Creates a dataset from a user's file: drafts of contract and suite, and the file in its drop folder."""

import shutil
from pathlib import Path

from lakeward.core.errors import UsageError
from lakeward.core.names import DATASET_NAME
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.profiling import draft, profile_file


def draft_dataset(settings: Settings, name: str, sample: Path, sheet: str | None = None) -> Path:
    """Write `expectations/datasets/<name>/` and copy `sample` into its drop folder; returns the dataset's folder.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        UsageError: The name is invalid or already used, or the file does not exist or has no data.
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
    put_sample(workspace, name, sample)
    return folder


def put_sample(workspace: Workspace, name: str, sample: Path) -> None:
    """Put `sample` into the dataset's drop folder; a file that lies there already is received as it is."""
    drop = workspace.project.root / "inbox" / name
    drop.mkdir(parents=True, exist_ok=True)
    if not sample.resolve().is_relative_to(drop.resolve()):
        shutil.copy2(sample, drop / sample.name)
