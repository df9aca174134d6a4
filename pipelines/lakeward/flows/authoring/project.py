"""Creates a project: a folder for contracts and suites, with a sample, the policies and the DAG file for Airflow."""

import re
from pathlib import Path

from lakeward.core.errors import MachineError, UsageError
from lakeward.flows.authoring.project_files import project_files

# Characters of a project's name.
MAX_NAME = 63


def create_project(folder: Path, project_id: str = "") -> Path:
    """Create a project in `folder`; returns its absolute path.

    Args:
        project_id: Tells it from other projects of its name, should they meet on one lake; empty for none.

    Raises:
        UsageError: The folder already holds a project.
        MachineError: The folder can't be written.
    """
    root = folder.absolute()
    if (root / "expectations").exists():
        raise UsageError("project_exists", folder=root)
    name = re.sub(r"[^a-z0-9_]+", "_", root.name.lower())[:MAX_NAME].strip("_") or "plant"
    try:
        for path, text in project_files(name, project_id).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError("folder_not_writable", folder=root, found=error.strerror) from error
    return root
