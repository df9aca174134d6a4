"""What a batch of three rows costs, in one process: the first of a new project, the next ones of one project, and runs of an estate.

    PYTHONPATH=tests python tests/bench/small_batch.py [--rounds 20] [--datasets 300] [--against FOLDER]

FOLDER is another tree of this repository: the two take turns, each in a process of its own. Figures are medians of CPU milliseconds of
all threads. A first batch is that of a process that has run others: what Python imports once is not counted. Of an estate the first run
is measured once, then runs that find nothing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
WARM = 3
# Runs of the estate: the first one, and those that find nothing.
ESTATE = {"estate": 1, "idle": 5}


class Batches:
    """One process with a project of its own for what is measured."""

    def __init__(self, home: Path, datasets: int) -> None:
        from support.estates import make_estate
        from support.plant import make_plant

        self._home, self._number = home, 0
        self._template, self._plant = make_plant(home / "template"), make_plant(home / "plant")
        self._estate = make_estate(home / "estate", datasets, 3) if datasets else None

    def measure(self, part: str) -> float:
        """CPU seconds of one call."""
        from lakeward.core.settings import Settings
        from lakeward.flows import ingest_dataset, run_all
        from support.plant import Plant, csv_line

        self._number += 1
        plant = self._plant
        if part == "first":
            plant = Plant(Path(shutil.copytree(self._template.root, self._home / f"new_{self._number}")))
        minute = self._number % 60
        plant.drop(f"{self._number}.csv", *(csv_line(f"M{self._number}_{at}", minute, 20 + at) for at in range(3)))
        began = time.process_time()
        if part in ESTATE:
            run_all(Settings(start=self._estate), jobs=1)
        else:
            report = ingest_dataset(plant.settings, "press_line")
            assert (report.batches, report.counts.silver) == (1, 3)
        return time.process_time() - began


def answer(home: Path, datasets: int) -> None:
    """Measure what the other process asks for, line by line."""
    batches = Batches(home, datasets)
    for line in sys.stdin:
        print(json.dumps(batches.measure(line.strip())), flush=True)


def ask(process: subprocess.Popen, part: str) -> float:
    process.stdin.write(f"{part}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def start(tree: Path, home: Path, datasets: int) -> subprocess.Popen:
    home.mkdir()
    folders = os.pathsep.join(str(tree / each) for each in ("pipelines", "lineage", "tests"))
    command = ["env", f"PYTHONPATH={folders}", sys.executable, __file__, "--answer", str(home), "--datasets", str(datasets)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def compare(trees: list[Path], rounds: int, datasets: int) -> None:
    """Print the medians of each tree."""
    parts = {"first": rounds, "next": rounds} | (ESTATE if datasets else {})
    with tempfile.TemporaryDirectory() as folder:
        processes = [start(tree, Path(folder) / str(at), datasets) for at, tree in enumerate(trees)]
        for part, times in parts.items():
            for _ in range(0 if part in ESTATE else WARM):
                for process in processes:
                    ask(process, part)
            spent = [[ask(process, part) for process in processes] for _ in range(times)]
            print(part, *(f"{1000 * statistics.median(own):.0f}" for own in zip(*spent, strict=True)), flush=True)
        for process in processes:
            process.stdin.close()
            process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--datasets", type=int, default=0)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.answer:
        answer(given.answer, given.datasets)
    else:
        compare([TREE, *([given.against.resolve()] if given.against else [])], given.rounds, given.datasets)
