"""The command line as a person or a program calls it: in this process, or in one of its own with its own environment."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakeward.cli import main
from support.processes import quick_processes

PROCESSES = quick_processes()
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
    """Call `lakeward` in a process of its own, from `folder`, with these variables alone and these limits, into pipes or files.

    Without limits it is forked from one that has imported what flows need, which takes half a second each time.
    """
    environ = {"PATH": os.defpath, **environ}
    if limits:
        environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a limit on files would cut one of those, and each later import would fail
        command = [sys.executable, "-c", "from lakeward.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, preexec_fn=limits)
        return CommandResult(done.returncode, done.stdout, done.stderr)
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        process = PROCESSES.Process(target=_be_command, args=(folder, arguments, environ, out, err))
        process.start()
        process.join()
        return CommandResult(process.exitcode or 0, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _be_command(folder: Path, arguments: Sequence[str], environ: Mapping[str, str], out: Path, err: Path) -> None:
    """Make of this process the one that a person would start."""
    os.chdir(folder)
    os.environ.clear()  # noqa: TID251
    os.environ.update(environ)  # noqa: TID251
    tempfile.tempdir = None
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    sys.argv = ["lakeward", *arguments]
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
