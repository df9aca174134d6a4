"""Births, deaths and gaps of Sparkplug B as rows of `governance.source_sessions`, by which messages are read now and at any later time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Contract
from lakeward.contracts.payload import RECORDS_PER_MESSAGE, PayloadKind
from lakeward.core.sparkplug.sessions import ASKED, GAP, BirthMetric, SessionEvent, write_events
from lakeward.core.sparkplug.topics import DEVICE_BIRTH, DEVICE_DEATH, NODE_BIRTH, NODE_DEATH
from lakeward.core.sql import instant, literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.batch.source_events import SOURCE_EVENTS
from lakeward.sources.sparkplug.segments import connection_span, microseconds, session_events

SOURCE_SESSIONS = "source_sessions"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Latest time of a row; a payload can say any.
_LAST_MS = 253_402_300_799_999
# Kind of a session's event -> message code of what happened.
_CODES = {
    NODE_BIRTH: "source_edge_born",
    NODE_DEATH: "source_edge_died",
    DEVICE_BIRTH: "source_device_born",
    DEVICE_DEATH: "source_device_died",
    GAP: "source_sequence_gap",
}


def record_births(context: BatchContext, inputs: Sequence[BatchInput]) -> None:
    """Write what edges said of their sessions in a batch's messages; once, also after a kill."""
    if not has_sessions(context.contract):
        return
    name = context.contract.name
    txn = Txn(f"{SOURCE_SESSIONS}/{name}", context.pinned.end)
    if context.engine.txn(governance.table_name(SOURCE_SESSIONS), txn.app) >= txn.version:
        return
    shared = {"dataset": name, "batch_seq": context.pinned.seq, "run_id": context.run_id}
    found = list(session_events(inputs))
    events = [{"dataset": name, "run_id": context.run_id, **_source_event(event)} for event in found if event.kind != ASKED]
    if context.engine.txn(governance.table_name(SOURCE_EVENTS), txn.app) < txn.version:
        governance.append_rows(context.engine, SOURCE_EVENTS, events, txn)
    rows = [{**shared, **row} for event in found for row in _rows(event)]
    governance.append_rows(context.engine, SOURCE_SESSIONS, rows, txn)


def with_births(engine: Engine, contract: Contract, inputs: Sequence[BatchInput]) -> tuple[BatchInput, ...]:
    """The inputs with what is known of the sessions over which their messages came, before and after them."""
    if not has_sessions(contract) or not inputs:
        return tuple(inputs)
    first, last = connection_span(inputs)
    span = f"connected_at BETWEEN {instant(_moment(first))} AND {instant(_moment(last))}"
    before = min(file.seq for file in inputs)
    # Of older births only the last one of each edge can still hold, and what came after it.
    since = (
        f"SELECT connected_at, group_id, edge, max(segment) AS since FROM governance.{SOURCE_SESSIONS} "
        f"WHERE dataset = {literal(contract.name)} AND {span} AND kind = {literal(NODE_BIRTH)} AND segment < {before} GROUP BY ALL"
    )
    query = (
        f"SELECT s.* FROM governance.{SOURCE_SESSIONS} s LEFT JOIN ({since}) b "
        "ON b.connected_at = s.connected_at AND b.group_id = s.group_id AND b.edge = s.edge "
        f"WHERE s.dataset = {literal(contract.name)} AND s.{span} AND s.segment >= coalesce(b.since, 0) "
        "ORDER BY s.segment, s.message, s.kind, s.metric_number"
    )
    is_there = engine.info(governance.table_name(SOURCE_SESSIONS)) is not None
    events = _events(engine.fetch(query)) if is_there else ()
    path = write_events(events, engine.scratch / "births.jsonl")
    return tuple(replace(file, births=path) for file in inputs)


def has_sessions(contract: Contract) -> bool:
    """Whether the dataset's messages are read by births."""
    payload = contract.record_format.payload
    return payload is not None and payload.kind is PayloadKind.SPARKPLUG


def _source_event(event: SessionEvent) -> dict[str, object]:
    """The event for people; its number is its place, as that of a record is."""
    facts: dict[str, object] = {"edge": f"{event.group}/{event.edge}", "device": event.device, "lost": event.lost}
    return {
        "event_number": event.segment * RECORDS_PER_MESSAGE + event.message,
        "kind": _CODES[event.kind],
        "happened_at": _moment(event.received_at),
        "facts": json.dumps({**facts, "metrics": len(event.metrics)}, ensure_ascii=False),
    }


def _rows(event: SessionEvent) -> Iterator[dict[str, object]]:
    row: dict[str, object] = {
        "segment": event.segment,
        "message": event.message,
        "kind": event.kind,
        "connected_at": _moment(event.connected_at),
        "group_id": event.group,
        "edge": event.edge,
        "device": event.device,
        "sent_at": _moment(event.sent_at * 1000) if 0 < event.sent_at <= _LAST_MS else None,
        "received_at": _moment(event.received_at),
        "bd_seq": None if event.bd_seq is None else str(event.bd_seq),
        "lost": event.lost,
    }
    metrics: Sequence[BirthMetric | None] = event.metrics or (None,)
    for number, metric in enumerate(metrics, 1):
        alias = None if metric is None or metric.alias is None else str(metric.alias)
        yield {
            **row,
            "metric_number": number if metric else 0,
            "metric": metric.name if metric else None,
            "alias": alias,
            "datatype": metric.datatype if metric else None,
            "unit": metric.unit if metric else None,
        }


def _events(rows: Sequence[Mapping[str, Any]]) -> Iterator[SessionEvent]:
    """The events of sorted rows."""
    found: list[Mapping[str, Any]] = []
    for row in rows:
        if found and (row["segment"], row["message"], row["kind"]) != tuple(
            found[0][key] for key in ("segment", "message", "kind")
        ):
            yield _event(found)
            found = []
        found.append(row)
    if found:
        yield _event(found)


def _event(rows: Sequence[Mapping[str, Any]]) -> SessionEvent:
    first = rows[0]
    return SessionEvent(
        segment=first["segment"],
        message=first["message"],
        kind=first["kind"],
        connected_at=microseconds(first["connected_at"]),
        group=first["group_id"],
        edge=first["edge"],
        device=first["device"],
        sent_at=0 if first["sent_at"] is None else microseconds(first["sent_at"]) // 1000,
        received_at=microseconds(first["received_at"]),
        bd_seq=None if first["bd_seq"] is None else int(first["bd_seq"]),
        lost=first["lost"],
        metrics=tuple(
            BirthMetric(row["metric"], None if row["alias"] is None else int(row["alias"]), row["datatype"], row["unit"])
            for row in rows
            if row["metric_number"]
        ),
    )


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
