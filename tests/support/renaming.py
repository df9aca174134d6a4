"""A plant whose dataset is renamed, and renamings in processes of their own that are killed before one of their writes."""

import os
import signal
import sys
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import grade_all, rename_dataset
from support.graded_plant import make_graded_plant, run_plant
from support.plant import Plant

OLD, NEW = "press_line", "press_a"
SCORING = "datasets:\n  press_line: {weight: 2}   # the bottleneck\n"


def make_renamable_plant(root: Path) -> None:
    """The graded plant with weights of scores, a row in quarantine and a torn line."""
    make_graded_plant(root)
    plant = Plant(root)
    (root / "expectations" / "policies" / "scoring.yaml").write_text(SCORING)
    plant.drop("hot.csv", "M1,2026-03-01T02:00:00Z,999,13800000001", "torn", header="Machine,Time,Temp,Tel")
    run_plant(plant)
    grade_all(plant.settings)


def renamed_from_the_start(root: Path, folder: Path) -> Plant:
    """The same plant in another folder, whose dataset bears the new name from its first day: what a renamed one must be like."""
    copy = folder / root.name
    copy.mkdir(parents=True)
    for part in ("expectations", "inbox"):
        for path in sorted((root / part).rglob("*")):
            if path.is_file():
                target = copy / part / str(path.relative_to(root / part)).replace(OLD, NEW)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(path.read_text().replace(OLD, NEW))
    return Plant(copy)


def rename_killed_before(root: Path, write: int) -> None:
    """Rename, and kill the process before the project's file of this number is put in its place, or its folder is."""
    count = iter(range(1, 1_000))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" and str(arguments[1]).startswith(str(root / "expectations")) and next(count) == write:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    rename_dataset(Settings(start=root), OLD, NEW)
