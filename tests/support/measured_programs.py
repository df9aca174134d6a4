"""What a program costs in a process of its own: processor seconds, and its highest memory as the kernel counts it since the program began.

`ru_maxrss` is not that: a child starts with its parent's.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[2]
# The command line.
COMMAND = "from lakeward.cli.main import main; main()"
# The DAG file of a project, as Airflow's parser imports it.
PARSE = "from lakeward.orchestration.factory import dags; dags('.')"
# The last line of the error stream.
_REPORT = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
sys.stderr.write("\\n" + json.dumps([used.ru_utime + used.ru_stime, int(peak.split()[1]) / 1024]))
"""


class Used(NamedTuple):
    """What a program used: processor seconds, and MiB."""

    seconds: float
    mib: float


def measured(root: Path, code: str, *words: str, ends: tuple[int, ...] = (0, 1)) -> Used:
    """Run Python code in the folder of a project, and say what it used.

    Args:
        words: Arguments of the program.
        ends: Exit codes that are well; 1: rows were quarantined.
    """
    program = f"import atexit\natexit.register(lambda: exec({_REPORT!r}, {{}}))\n{code}"
    environ = {
        "PATH": os.defpath,
        "HOME": str(root),
        "PYTHONPATH": os.pathsep.join(map(str, (HOME / "pipelines", HOME / "lineage"))),
    }
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=root,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode in ends, done.stderr[-2000:]
    return Used(*json.loads(done.stderr.splitlines()[-1]))
