"""What a process used is its own: nothing of the process that started it is in it."""

import os
import subprocess
import sys

import pytest

from lakeward.core.process_usage import process_usage

LARGE = 200 << 20
CHILD = "from lakeward.core.process_usage import process_usage; print(process_usage().peak_memory)"
PARENT = f"import subprocess, sys; held = b'x' * {LARGE}; sys.exit(subprocess.run([sys.executable, '-c', {CHILD!r}]).returncode)"


@pytest.mark.skipif(sys.platform != "linux", reason="of how Linux counts memory")
def test_the_memory_of_the_parent_is_not_counted():
    environ = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run([sys.executable, "-c", PARENT], env=environ, capture_output=True, text=True, check=True)
    assert 0 < int(answer.stdout) < LARGE / 2


def test_the_peak_stays_when_memory_is_given_back():
    before = process_usage().peak_memory
    held = b"x" * (before + LARGE)
    del held
    assert process_usage().peak_memory >= before + LARGE
