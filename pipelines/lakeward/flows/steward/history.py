"""The history of one row: its failures and the actions on it, in order."""

import json
from dataclasses import dataclass
from datetime import datetime

from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.quarantine.events import RowEvent, row_events
from lakeward.flows.quarantine.selection import RowId


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A batch in which rules quarantined the row.

    Args:
        at: Time when the batch was received.
        batch: Number of the batch.
        reasons: Ids of the rules that the row failed.
    """

    at: datetime
    batch: int
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of an event in `life`.

        Returns:
            event: Always `set aside`.
        """
        return {"at": self.at.isoformat(), "event": "set aside", "batch": self.batch, "reasons": list(self.reasons)}


def row_history(engine: Engine, dataset: str, row_id: RowId) -> tuple[RowFailure | RowEvent, ...]:
    """The events of the row, oldest first; empty for a row that was never quarantined."""
    events: list[RowFailure | RowEvent] = [*_failures(engine, dataset, row_id), *row_events(engine, dataset, *row_id)]
    return tuple(sorted(events, key=lambda event: event.at))


def _failures(engine: Engine, dataset: str, place: RowId) -> list[RowFailure]:
    table = TableName(Layer.QUARANTINE, dataset)
    if engine.info(table) is None:
        return []
    query = f"SELECT _batch_seq, _reasons, _ingested_at FROM {table} WHERE _file_seq = {place[0]} AND _row = {place[1]}"
    return [
        RowFailure(copy["_ingested_at"], copy["_batch_seq"], tuple(json.loads(copy["_reasons"]))) for copy in engine.fetch(query)
    ]
