"""Tries expressions that a person typed before they are computed in a process that others wait for: for so long, and with so much memory.

An interrupt is not enough: DuckDB looks for it between 2,048 rows, and one function of one row may take a second.
"""

import json
import subprocess
import sys
from collections.abc import Mapping

from lakeward.core.errors import ProtectionError
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.quarantine.selection import Selection

# Memory of DuckDB in the trial.
MEGABYTES = 500


def try_expressions(workspace: Workspace, name: str, selection: Selection, expressions: Mapping[str, str]) -> None:
    """Compute the expressions in another process, if the settings limit their time; nothing is kept of it.

    Args:
        expressions: Column -> SQL of its new value; empty where rows are only selected.

    Raises:
        ProtectionError: They take more time or memory than they may.
    """
    seconds = workspace.settings.expression_seconds
    if seconds is None or not (selection.expressions or expressions):
        return
    request = {
        "start": str(workspace.project.root),
        "lake": workspace.settings.lake,
        "dataset": name,
        "rules": selection.rules,
        "rows": selection.rows,
        "where": selection.where,
        "expressions": dict(expressions),
        "megabytes": MEGABYTES,
    }
    command = [sys.executable, "-m", "lakeward.flows.steward.expression_process"]
    try:
        ended = subprocess.run(  # noqa: S603 -- of our own, with no argument of a client
            command, input=json.dumps(request).encode(), capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise ProtectionError("expression_too_slow", seconds=seconds, megabytes=MEGABYTES) from None
    if ended.returncode:
        raise ProtectionError("expression_too_slow", seconds=seconds, megabytes=MEGABYTES)
