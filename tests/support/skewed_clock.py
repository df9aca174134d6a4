"""Processes whose clock is wrong: the command line as a machine with such a clock runs it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.measured_programs import COMMAND

HAS_COMPILER = shutil.which("cc") is not None
WHY_NOT = "there is no C compiler (cc): apt-get install gcc"
_SOURCE = Path(__file__).with_name("skewed_clock.c")


def build_clock(folder: Path) -> Path:
    """The library that moves the clock, compiled into this folder."""
    library = folder / "skewed_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"], check=True)
    return library


def start_command(
    clock: Path, seconds: int, root: Path, *words: str, variables: Mapping[str, str] | None = None, code: str = COMMAND
) -> subprocess.Popen[str]:
    """Start `lakeward` in a project, on a machine whose clock goes ahead by so many seconds; negative: behind.

    Args:
        clock: What `build_clock` made.
        code: Another program of Python.
    """
    own = {"LD_PRELOAD": str(clock), "CLOCK_OFFSET_SECONDS": str(seconds), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=root,
        env={"PATH": os.defpath, "HOME": str(root), **own, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_command_at(
    clock: Path, seconds: int, root: Path, *words: str, variables: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit code and both streams of a command. Arguments as of `start_command`."""
    process = start_command(clock, seconds, root, *words, variables=variables)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err
