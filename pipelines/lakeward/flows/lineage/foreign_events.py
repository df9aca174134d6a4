"""Stores events of other programs and the edges that follow from them.

An event is known by the hash of its content, so the same one twice changes nothing. Edges are written before the events: after a
kill between both, the next import of the same events writes them again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from lakeward.core.names import sha256
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward_lineage import Edge, foreign_edges

EVENTS, EDGES, APP = "lineage_events", "foreign_edges", "lineage_import"
# Events of one commit: few enough that their texts fit a statement.
CHUNK = 500
# Types of events after which a run has written something.
_WROTE = ("COMPLETE", "RUNNING")

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedBy:
    """How events came.

    Args:
        source: Name of the file or door.
        by: Account, or user of the machine.
        at: Time of the import.
    """

    source: str
    by: str
    at: datetime


class DatasetNames:
    """Names datasets of events: a table of this lake as `layer.name`, any other as `<namespace>/<name>`.

    A table of this lake is known by the project's namespace, or by its folder, which other programs read it by.
    """

    def __init__(self, engine: Engine, namespace: str) -> None:
        self._namespace = namespace
        self._tables = {_location(table.path): str(table.name) for table in engine.tables()}

    def __call__(self, dataset: Mapping[str, Any]) -> str:
        """The name of a dataset, or of an origin of column lineage."""
        namespace, name = dataset["namespace"], dataset["name"]
        if namespace == self._namespace:
            return str(name)
        links = (dataset.get("facets") or {}).get("symlinks") or {}
        places = [(namespace, name), *((each["namespace"], each["name"]) for each in links.get("identifiers") or ())]
        own = next((table for place in places if (table := self._tables.get(_normal(*place)))), None)
        return own or f"{namespace}/{name}"


def content_hash(event: Event) -> str:
    """Hash of the event's content, whatever the order of its keys."""
    return sha256(_text(event).encode())


def store_events(engine: Engine, events: Sequence[Event], names: DatasetNames, received: ReceivedBy) -> int:
    """Store the events that are new, with their edges; the number of new ones."""
    stored = 0
    for start in range(0, len(events), CHUNK):
        stored += _store_chunk(engine, events[start : start + CHUNK], names, received)
    return stored


def _store_chunk(engine: Engine, events: Sequence[Event], names: DatasetNames, received: ReceivedBy) -> int:
    by_hash = {content_hash(event): event for event in events}
    while True:
        known = _known_hashes(engine, by_hash)
        new = {key: event for key, event in by_hash.items() if key not in known}
        if not new:
            return 0
        _store_edges(engine, list(new.values()), names, received.at)
        number = engine.txn(governance.table_name(EVENTS), APP) + 1
        rows = [_row(key, event, received) for key, event in new.items()]
        if governance.append_rows(engine, EVENTS, rows, Txn(APP, number)):
            return len(new)


def _known_hashes(engine: Engine, hashes: Iterable[str]) -> set[str]:
    wanted = ", ".join(map(literal, hashes))
    return {row["event_sha256"] for row in governance.read_rows(engine, EVENTS, f"event_sha256 IN ({wanted})")}


def _store_edges(engine: Engine, events: Sequence[Event], names: DatasetNames, at: datetime) -> None:
    runs = _events_by_run(engine, events)
    while True:
        number = engine.txn(governance.table_name(EDGES), APP) + 1
        rows = [row for run, found in runs.items() for row in _edge_rows(run, found, names, (number, at))]
        if not rows or governance.append_rows(engine, EDGES, rows, Txn(APP, number)):
            return


def _events_by_run(engine: Engine, events: Sequence[Event]) -> dict[str, list[Event]]:
    """All events, stored and new, of each run that the new ones belong to, oldest first."""
    runs: dict[str, list[Event]] = {}
    for event in events:
        if "job" in event:
            runs.setdefault(_run_id(event), []).append(event)
    wanted = ", ".join(literal(run) for run, found in runs.items() if "run" in found[0])
    for row in governance.read_rows(engine, EVENTS, f"run_id IN ({wanted})") if wanted else ():
        runs[row["run_id"]].append(json.loads(row["event"]))
    return {run: sorted(found, key=event_time) for run, found in runs.items()}


def _edge_rows(run: str, events: Sequence[Event], names: DatasetNames, head: tuple[int, datetime]) -> list[dict[str, Any]]:
    wrote = [event for event in events if event.get("eventType") in _WROTE or "run" not in event]
    if not wrote:
        return []
    number, _ = head
    own = {"seq": number, "run_id": run, "completed_at": event_time(wrote[-1])}
    return [{**own, **_edge_cells(edge)} for edge in foreign_edges(events, names)]


def _edge_cells(edge: Edge) -> dict[str, Any]:
    source, target = edge.source, edge.target
    return {
        "job": edge.job,
        "from_table": source.table,
        "from_column": source.column or None,
        "to_table": target.table,
        "to_column": target.column or None,
        "kind": edge.kind,
    }


def _row(key: str, event: Event, received: ReceivedBy) -> dict[str, Any]:
    job = event.get("job") or {}
    return {
        "event_sha256": key,
        "namespace": job.get("namespace"),
        "job": job.get("name"),
        "run_id": event["run"]["runId"] if "run" in event else None,
        "event_type": event.get("eventType"),
        "event_time": event_time(event),
        "producer": event["producer"],
        "source": received.source,
        "imported_at": received.at,
        "imported_by": received.by,
        "event": _text(event),
    }


def event_time(event: Event) -> datetime:
    """The time that a checked event states, in UTC."""
    return datetime.fromisoformat(event["eventTime"]).astimezone(UTC)


def _run_id(event: Event) -> str:
    """The run of an event; of a job described without a run, the job."""
    return str(event["run"]["runId"]) if "run" in event else f"{event['job']['namespace']}/{event['job']['name']}"


def _text(event: Event) -> str:
    return json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _location(path: str) -> str:
    url = urlsplit(path)
    return _normal("file", url.path) if url.scheme in ("", "file") else _normal(f"{url.scheme}://{url.netloc}", url.path)


def _normal(namespace: str, name: str) -> str:
    """One form of a place: programs write `file` or `file://`, a leading and a final slash or none."""
    scheme = namespace.rstrip("/").replace("s3a://", "s3://").replace("s3n://", "s3://")
    return f"{scheme.removesuffix(':')}|{unquote(str(name)).strip('/')}"
