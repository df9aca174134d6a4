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
from pathlib import Path

from support.fault_proxy import proxy
from support.fault_trials import FlowTrial
from support.faulty_flows import FLOWS
from support.object_stores import BUCKET, versitygw

SEEDS = 200


def failures(trial: FlowTrial, done: list[bool]) -> Iterator[str]:
    """Try the flow under all schedules; gives those that left something else.

    Args:
        done: Gets whether it was as undisturbed, per schedule.
    """
    for seed in range(SEEDS):
        for is_cold, schedule in trial.schedules(seed, SEEDS):
            left, ended = trial.left_after(schedule, is_cold=is_cold)
            done.append(left == trial.expected[is_cold])
            if not done[-1]:
                yield f"seed {seed}, {'without' if is_cold else 'with'} copies, {schedule}: first try ended in {ended or 'success'}"


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
    failed = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        versitygw(Path(folder, "store")) as endpoint,
        proxy(endpoint) as (address, faults),
    ):
        for name in names or FLOWS:
            started, cpu, done = time.monotonic(), processor_seconds(), list[bool]()
            place = Path(folder, name)
            place.mkdir()
            trial = FlowTrial(name, place, Path(folder, "store", BUCKET), endpoint, address, faults)
            for text in failures(trial, done):
                print(f"{name}: {text}", flush=True)
            used = processor_seconds() - cpu
            requests = f"{trial.requests[False]} and {trial.requests[True]} requests"
            took = f"{used / len(done):.2f} CPU s each, {time.monotonic() - started:.0f} s"
            print(f"{name:<10} {requests}, {sum(done)} of {len(done)} schedules as undisturbed, {took}", flush=True)
            failed += len(done) - sum(done)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
