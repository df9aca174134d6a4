"""The command line as a person or a program calls it: in this process, or in one of its own with its own environment."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakeward.cli import main

# Goes before the code of a process that a test interrupts: tests that run in the background leave Ctrl-C ignored in all children.
INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@dataclass(frozen=True)
class CommandResult:
    """What a command said, and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """Both streams."""
        return self.out + self.err


def run_command(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> CommandResult:
    """Call `lakeward` in this process, on the project `root`."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--project", str(root)])
    printed = capsys.readouterr()
    code = end.value.code
    return CommandResult(code if isinstance(code, int) else 0, printed.out, printed.err)


def run_in_subprocess(folder: Path, *arguments: str, limits: Callable[[], None] | None = None, **environ: str) -> CommandResult:
    """Call `lakeward` in a process of its own, from `folder`, with these variables alone and these limits, through pipes."""
    command = [sys.executable, "-c", "from lakeward.cli import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={"PATH": os.defpath, **environ}, capture_output=True, text=True, check=False, preexec_fn=limits
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)
