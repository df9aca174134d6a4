"""Flows under faults of an object store: how many schedules leave what an undisturbed run leaves, and what one costs.

Usage: PYTHONPATH=tests python tests/bench/faults.py [NAME …]; without names all flows of `support.faulty_flows`, about half an hour of a
core. Needs versitygw. Prints each schedule that fails, and per flow its requests, schedules and processor seconds, those of the servers included.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.fault_proxy import proxy
from support.fault_trials import FlowTrial
from support.faulty_flows import FLOWS
from support.object_stores import BUCKET, versitygw

SEEDS = 200
# All flows are tried under a quarter of their schedules first, so that what fails is seen early.
PARTS = 4


@dataclass
class Tried:
    """What is known of a flow so far: its trial, schedules tried, those that left something else, and seconds."""

    trial: FlowTrial
    schedules: int = 0
    failed: int = 0
    cpu: float = 0.0
    wall: float = 0.0

    def line(self, name: str) -> str:
        """The counts."""
        requests = f"{self.trial.requests[False]} and {self.trial.requests[True]} requests"
        good, each = self.schedules - self.failed, self.cpu / self.schedules
        return (
            f"{name:<9} {requests}, {good} of {self.schedules} schedules as undisturbed, {each:.2f} CPU s each, {self.wall:.0f} s"
        )

    def try_part(self, part: int) -> Iterator[str]:
        """Try the schedules of one part; gives those that left something else."""
        started, cpu = time.monotonic(), processor_seconds()
        for seed in range(part, SEEDS, PARTS):
            for is_cold, schedule in self.trial.schedules(seed, SEEDS):
                left, ended = self.trial.left_after(schedule, is_cold=is_cold)
                self.schedules += 1
                if left != self.trial.expected[is_cold]:
                    self.failed += 1
                    copies = "without" if is_cold else "with"
                    yield f"seed {seed}, {copies} copies, {schedule}: first try ended in {ended or 'success'}"
        self.wall += time.monotonic() - started
        self.cpu += processor_seconds() - cpu


def processor_seconds() -> float:
    """Of this process and its children, which still run."""
    used = time.process_time()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def main(names: list[str]) -> int:
    """Try the flows; returns the number of schedules that failed."""
    tried: dict[str, Tried] = {}
    with tempfile.TemporaryDirectory() as folder, versitygw(Path(folder, "store")) as store, proxy(store) as (address, faults):
        for part in range(PARTS):
            for name in names or FLOWS:
                if name not in tried:
                    place = Path(folder, name)
                    place.mkdir()
                    tried[name] = Tried(FlowTrial(name, place, Path(folder, "store", BUCKET), store, address, faults))
                for text in tried[name].try_part(part):
                    print(f"{name}: {text}", flush=True)
                print(f"part {part + 1} of {PARTS}: {tried[name].line(name)}", flush=True)
    return sum(each.failed for each in tried.values())


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
