"""Takes over the events that a collector wrote: each becomes one row of `governance.source_events`."""

import json
from datetime import datetime

from lakeward.core.names import RunId
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, landing_of
from lakeward.sources.collectors.state import EVENTS_FOLDER, discard_events, machine_of, read_events

SOURCE_EVENTS = "source_events"


def record_source_events(workspace: Workspace, engine: Engine, dataset: str, run_id: RunId) -> None:
    """Write the dataset's new events, once, and remove their files. Call it under the dataset's lock."""
    folder = landing_of(workspace, dataset)
    if not any((folder / EVENTS_FOLDER).glob("[0-9]*.json")):
        return
    app = f"{SOURCE_EVENTS}/{dataset}"
    if workspace.lake.options:  # machines number their events each for itself
        app = f"{app}/{machine_of(folder)}"
    written = engine.txn(governance.table_name(SOURCE_EVENTS), app)
    found = read_events(folder, written)
    if found:
        rows = [
            {
                "dataset": dataset,
                "event_number": number,
                "kind": event["kind"],
                "happened_at": datetime.fromisoformat(event["at"]),
                "facts": json.dumps(event["facts"], ensure_ascii=False),
                "run_id": run_id,
            }
            for number, event in found
        ]
        written = found[-1][0]
        governance.append_rows(engine, SOURCE_EVENTS, rows, Txn(app, written))
    discard_events(folder, written)
