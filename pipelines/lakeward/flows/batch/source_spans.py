"""When the source of a batch was not heard, was off or lost values, by its stored events (`governance.source_events`)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lakeward.core.sql import equals, instant, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.batch.source_events import SOURCE_EVENTS
from lakeward.quality.series.source_record import FOREVER, SourceRecord, SourceSpan, merge_spans
from lakeward.sources.collectors.state import ADDRESSES, AWAY_SINCE, HEARING
from lakeward.sources.sparkplug.segments import microseconds

BORN = {"source_edge_born": "source_edge_died", "source_device_born": "source_device_died"}
# Behind each of these, values of the time before it are lost.
LOSSES = ("source_overflow", "source_gap", "source_sequence_gap", "source_session_lost")
KINDS = (*sorted(HEARING), *LOSSES, *BORN, *BORN.values())
# Addresses of one loss that have a span each.
MANY = 64
# Events of the time before a batch that can matter to it: a longer silence is judged by these alone.
BEFORE, AFTER, MAX_EVENTS = timedelta(days=30), timedelta(days=1), 20_000


def source_spans(engine: Engine, dataset: str, first: datetime | None, last: datetime | None) -> SourceRecord:
    """What is known of the time from `first` to `last`; nothing without times."""
    if first is None or last is None or engine.info(governance.table_name(SOURCE_EVENTS)) is None:
        return SourceRecord()
    begin, end = (instant(_shift(moment, by)) for moment, by in ((first, -BEFORE), (last, AFTER)))
    query = (
        f"SELECT kind, happened_at, facts FROM governance.{SOURCE_EVENTS} WHERE {equals(dataset=dataset)} "
        f"AND kind IN ({', '.join(map(literal, KINDS))}) AND happened_at BETWEEN {begin} AND {end} "
        f"ORDER BY happened_at DESC, event_number DESC LIMIT {MAX_EVENTS}"
    )
    events = [{**row, "facts": json.loads(row["facts"])} for row in reversed(engine.fetch(query))]
    end_us = microseconds(last)
    # What begins later meets no gap of the batch, and would take the place of what does.
    away, dead, lost = (
        merge_spans(span for span in spans if span.begin <= end_us) for spans in (_away(events), _dead(events), _lost(events))
    )
    return SourceRecord(away=away, dead=dead, lost=lost)


def _away(events: Sequence[Mapping[str, Any]]) -> Iterator[SourceSpan]:
    for event in events:
        if since := event["facts"].get(AWAY_SINCE):
            yield SourceSpan(microseconds(datetime.fromisoformat(since)), microseconds(event["happened_at"]))


def _dead(events: Sequence[Mapping[str, Any]]) -> Iterator[SourceSpan]:
    """From each death to the next birth; of one without, to the end of all times."""
    since: dict[str, int] = {}
    for event in events:
        scope, at = _scope(event), microseconds(event["happened_at"])
        if event["kind"] in BORN.values():
            since.setdefault(scope, at)
        elif event["kind"] in BORN and scope in since:
            yield SourceSpan(since.pop(scope), at, scope)
    yield from (SourceSpan(at, FOREVER, scope) for scope, at in since.items())


def _lost(events: Sequence[Mapping[str, Any]]) -> Iterator[SourceSpan]:
    for event in events:
        if event["kind"] in LOSSES:
            at = microseconds(event["happened_at"])
            yield from (SourceSpan(at, at, scope) for scope in _lost_scopes(event))


def _lost_scopes(event: Mapping[str, Any]) -> Sequence[str]:
    """As `_scope`, of an event that can name several addresses; so many that they would hide other losses are all."""
    addresses = json.loads(event["facts"].get(ADDRESSES, "[]"))
    return addresses if 0 < len(addresses) <= MANY else ("",) if addresses else (_scope(event),)


def _scope(event: Mapping[str, Any]) -> str:
    """Beginning of the addresses of which the event speaks; empty: all."""
    facts = event["facts"]
    if facts.get("node"):
        return str(facts["node"]) if event["kind"] == "source_overflow" else ""
    if not facts.get("edge"):
        return ""
    return "/".join((facts["edge"], *((facts["device"],) if facts.get("device") else ()), ""))


def _shift(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
