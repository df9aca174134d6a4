"""One row's life: when it was set aside and why, and what people did about it, in order."""

import json
from typing import Any

from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.quarantine.events import history
from lakeward.flows.quarantine.selection import Place


def life(engine: Engine, dataset: str, place: Place) -> list[dict[str, Any]]:
    """What happened to the row, oldest first; empty for a row that was never set aside.

    Keys: `at, event, batch`, and of a row that was set aside its `reasons`, of what a person did `by, role, reason, expression`.
    """
    events = [*_set_aside(engine, dataset, place), *history(engine, dataset, *place)]
    return sorted(events, key=lambda event: str(event["at"]))


def _set_aside(engine: Engine, dataset: str, place: Place) -> list[dict[str, Any]]:
    table = TableName(Layer.QUARANTINE, dataset)
    if engine.info(table) is None:
        return []
    query = f"SELECT _batch_seq, _reasons, _ingested_at FROM {table} WHERE _file_seq = {place[0]} AND _row = {place[1]}"
    return [
        {
            "at": copy["_ingested_at"].isoformat(),
            "event": "set aside",
            "batch": copy["_batch_seq"],
            "reasons": json.loads(copy["_reasons"]),
        }
        for copy in engine.fetch(query)
    ]
