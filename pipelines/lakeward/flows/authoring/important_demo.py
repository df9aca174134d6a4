"""The small demo of important and core data: a project whose datasets are run and graded, and wait for persons to decide and to file."""

import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.batch.run import run_all
from lakeward.flows.grading.grade import grade_all
from lakeward.simulator import write_important_deliveries

FOLDER = "lakeward-important"


def make_important_demo(settings: Settings) -> Settings:
    """Settings of a new project below `settings.start` with important and core columns, run and graded. No person has decided a grade.

    Raises:
        UsageError: The folder holds a project already.
        MachineError: The folder can't be written.
    """
    own = replace(settings, start=create_important_project(settings.start / FOLDER))
    write_important_deliveries(own.start)
    for error in run_all(own)[1].values():
        raise error
    grade_all(own)
    return own


def create_important_project(root: Path) -> Path:
    """A new project at `root` with the shipped contracts and declarations; nothing is delivered."""
    project = create_project(root)
    shipped = resources.files("lakeward") / "expectations" / "demos" / "important"
    with resources.as_file(shipped) as source:
        shutil.copytree(source, project / "expectations", dirs_exist_ok=True)
    return project
