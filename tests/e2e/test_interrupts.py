"""Ctrl-C ends a command with one line and exit code 130, in the middle of a query too; the next run finishes the rest."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command_line import INTERRUPTIBLE, run_in_subprocess

ROWS = 300_000
COMMAND = INTERRUPTIBLE + "from lakeward.cli import main; main()"
LINE = "Interrupted. What was committed stays as it is, and the next run finishes the rest.\n"
QUERY = f"""{INTERRUPTIBLE}
import duckdb, sys
from lakeward.cli.interrupts import exit_on_interrupt
from lakeward.core.messages import Lang
with exit_on_interrupt(Lang.EN):
    print("begun", flush=True)
    duckdb.execute("SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b").fetchall()
"""


def _interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    try:
        _, error = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, error


def _start(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for(found: Path, pattern: str) -> None:
    end = time.monotonic() + 60
    while not list(found.glob(pattern)):
        assert time.monotonic() < end, pattern
        time.sleep(0.005)


def test_a_long_query_ends_at_once(tmp_path: Path) -> None:
    process = _start("-c", QUERY, folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.5)

    assert _interrupt(process) == (130, LINE)


def make_press(root: Path) -> None:
    """A project with a dataset drafted from a file of many rows."""
    assert run_in_subprocess(root.parent, "init", root.name).code == 0
    times = (
        f"2026-03-{1 + row // 86400:02d}T{row // 3600 % 24:02d}:{row // 60 % 60:02d}:{row % 60:02d}Z,{row}" for row in range(ROWS)
    )
    (root.parent / "press.csv").write_text("\n".join(["ts,value", *times]))
    assert run_in_subprocess(root, "new", "press", "--from", str(root.parent / "press.csv")).code == 0


@pytest.mark.sampled(1)
@pytest.mark.parametrize("reached", ["lake/bronze/press", "lake/bronze/press/_delta_log/*0.json", "lake/silver/press"])
def test_the_run_after_an_interrupted_one_publishes_every_row_once(copy_of, tmp_path: Path, reached: str) -> None:
    plant = copy_of(make_press, tmp_path / "plant")

    process = _start("-c", COMMAND, "run", folder=plant)
    _wait_for(plant, reached)
    stopped = _interrupt(process)
    again, third = (run_in_subprocess(plant, "run", "press", "--json") for _ in range(2))

    assert stopped == (130, LINE)
    assert (again.code, again.err) == (0, "")
    (report,), (idle,) = (json.loads(answer.out) for answer in (again, third))
    assert (report["rows_in"], report["silver"], idle["batches"]) == (ROWS, ROWS, 0)
