"""The demo: the shipped project, and one simulated plant-day in its drop folders. The DAGs process the files."""

import shutil
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.workspace import open_workspace
from lakeward.simulator import Truth, write_plant_day

# Always the same day: a second demo must find nothing new (docs/explanation/laws.md, 4).
DAY = date(2026, 3, 2)
SEED = 7
FOLDER = "lakeward-demo"


@dataclass(frozen=True, slots=True)
class DemoProject:
    """A project with a simulated day in its drop folders."""

    settings: Settings
    day: date
    truth: Truth
    truth_file: Path


def simulate_day(settings: Settings) -> DemoProject:
    """Simulate into the project around `settings.start`, or into a new project with the shipped datasets if there is none.

    Raises:
        UsageError: The project has other datasets than the shipped ones.
    """
    try:
        project = open_workspace(settings).project
    except UsageError:
        settings = replace(settings, start=_create_demo_project(settings.start / FOLDER))
        project = open_workspace(settings).project
    if "plant_telemetry" not in project.datasets():
        raise UsageError("demo_elsewhere", project=project.name)
    truth = write_plant_day(project.root, seed=SEED, day=DAY)
    return DemoProject(settings, DAY, truth, project.root / "truth" / "injected.csv")


def _create_demo_project(root: Path) -> Path:
    """A new project at `root` with the datasets and policies shipped in the package."""
    create_project(root)
    shipped = resources.files("lakeward") / "expectations"
    with resources.as_file(shipped) as source:
        for name in ("project.yaml", "glossary.yaml"):
            shutil.copy(source / name, root / "expectations" / name)
        for folder in ("datasets", "policies"):
            shutil.copytree(source / folder, root / "expectations" / folder, dirs_exist_ok=True)
    return root
