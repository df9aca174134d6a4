"""Creates a project: a folder with contracts, suites and the DAG file for Airflow."""

import re
from pathlib import Path

from lakeward.core.errors import MachineError, UsageError

DAGS_FILE_TEXT = '''"""Airflow DAGs of this project: one per contract, made by Lakeward."""

from lakeward.orchestration.factory import dags

globals().update(dags(__file__))
'''
PROJECT_TEMPLATE = """\
# The project: what its datasets have in common.
name: {name}
timezone: Asia/Shanghai      # IANA zone of the plant: for naive times in files, and for the days of gold
languages: [zh, en]
lake: lake                   # where the tables lie: a folder (relative to this project), or an object-store URL
roots: []                    # folders outside the project that a contract's drop folder may lie in
# maintain: {{retention_days: 30}}   # how long versions of tables, and the evidence in them, can be read
"""
GITIGNORE_TEXT = "/lake/\n/inbox/\n/.airflow/\n"


def create_project(folder: Path) -> Path:
    """Create a project in `folder`; returns its absolute path.

    Raises:
        UsageError: The folder already holds a project.
        MachineError: The folder can't be written.
    """
    root = folder.absolute()
    if (root / "expectations").exists():
        raise UsageError("project_exists", folder=root)
    name = re.sub(r"[^a-z0-9_]+", "_", root.name.lower()).strip("_") or "plant"
    files = {
        "expectations/project.yaml": PROJECT_TEMPLATE.format(name=name),
        "expectations/datasets/.gitkeep": "",
        "dags/lakeward_dags.py": DAGS_FILE_TEXT,
        "inbox/.gitkeep": "",
        ".gitignore": GITIGNORE_TEXT,
    }
    try:
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError("folder_not_writable", folder=root, found=error.strerror) from error
    return root
