"""Computes the expressions of a request over the open rows, in a process of its own: `expression_trial` ends it when its time is over.

`python -m lakeward.flows.steward.expression_process` reads the request from its standard input, and writes nothing.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.settings import EMBEDDED, Settings
from lakeward.flows.base import pinning
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.open_rows import has_quarantine, open_rows
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.steward.repair import Repair, compute_repair
from lakeward.flows.steward.replay import received_contract

# Bytes of address space besides DuckDB's memory, for Python and its libraries.
BESIDES = 2_500_000_000
# Exit code of a request that needs more memory than it may have.
TOO_LARGE = 3


def main() -> None:
    """Compute the request; an error that the caller would find too ends this as success does."""
    request = json.load(sys.stdin)
    size = request["megabytes"] * 1_000_000 + BESIDES
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        compute(request)
    except MachineError:
        raise SystemExit(TOO_LARGE) from None
    except LakewardError:
        return


def compute(request: dict[str, Any]) -> None:
    """Select the rows, and compute their new values if there are any.

    Raises:
        LakewardError: The request is not valid, or needs too much memory.
    """
    memory = f"{request['megabytes']}MB"
    settings = Settings(start=Path(request["start"]), lake=request["lake"], engine=EMBEDDED, memory=memory)
    workspace, name = open_workspace(settings), request["dataset"]
    contract = received_contract(workspace, name)
    rows = tuple((file, row) for file, row in request["rows"])
    selection = Selection(tuple(request["rules"]), rows, request["where"])
    with workspace.engine(contract) as engine:
        if not has_quarantine(engine, name):
            return
        upto = pinning.newest_plan(engine, name).seq
        waiting = engine.materialise("open_rows", open_rows(engine, contract, upto + 1))
        if request["expressions"]:
            compute_repair(engine, contract, selection, Repair(request["expressions"]), waiting)
        else:
            engine.fetch(f"SELECT count(*) FROM ({selection.row_ids(waiting, engine.types(waiting))})")


if __name__ == "__main__":
    main()
