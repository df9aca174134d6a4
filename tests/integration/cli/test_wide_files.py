"""A file of 1,200 columns is drafted and taken in bounded time and memory: twice what was measured, in seconds of CPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COLUMNS, ROWS = 1_200, 30
WORDS = ("RUN", "STOP", "IDLE")


def _write_wide(file: Path) -> None:
    header = ["ts", *(f"tag_{index:04d}" for index in range(COLUMNS - 1))]
    rows = [[f"2026-03-01T00:{row:02d}:00Z", *(_value(index, row) for index in range(COLUMNS - 1))] for row in range(ROWS)]
    file.write_text("\n".join(",".join(line) for line in [header, *rows]) + "\n")


def _value(index: int, row: int) -> str:
    return WORDS[row % 3] if index % 10 == 7 else f"{50 + index % 17 + (row * 7919 + index) % 997 / 100:.2f}"


def _measure(*words: str, project: Path) -> tuple[float, float]:
    """Seconds of CPU in user mode, and MiB at the peak, of a command that succeeds."""
    command = [sys.executable, "-c", "from lakeward.cli.main import main; main()", "--project", str(project), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_utime, usage.ru_maxrss / 1024


@pytest.mark.exhaustive
def test_a_file_of_1200_columns_takes_bounded_time_and_memory(tmp_path: Path) -> None:
    _write_wide(tmp_path / "wide.csv")
    _measure("init", str(tmp_path / "plant"), project=tmp_path)

    drafted = _measure("new", "wide", "--from", str(tmp_path / "wide.csv"), project=tmp_path / "plant")
    ran = _measure("run", project=tmp_path / "plant")

    assert drafted[0] < 10, drafted
    assert drafted[1] < 500, drafted
    assert ran[0] < 12, ran
    assert ran[1] < 560, ran  # 500 is the aim; 496 to 522 were measured
