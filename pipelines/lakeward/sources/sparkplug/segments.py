"""Finds the births, deaths and gaps in landed segments. Data is not looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.core.sparkplug.payload import PayloadError, read_payload, session_number
from lakeward.core.sparkplug.sessions import ASKED, BIRTHS, GAP, SessionEvent, birth_metrics
from lakeward.core.sparkplug.topics import DEVICE_DEATH, NODE_DEATH, EdgeTopic, parse_topic
from lakeward.sources.segments.writer import MESSAGE_SCHEMA

# Columns of a landed message: when the connection began over which it came, and how many are missing before it, by the numbers of the
# edge; null where that can't be said; and whether it is a birth that the host asked for, which older segments don't say.
SCHEMA: Mapping[str, str] = {**MESSAGE_SCHEMA, "connected_at": "timestamp[us, UTC]", "lost": "int16", "asked": "bool"}
_COLUMNS = ("topic", "payload", "received_at", "connected_at", "lost", "asked")
# Parts of topics that are looked at.
_MARKS = (*BIRTHS, NODE_DEATH, DEVICE_DEATH)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def session_events(inputs: Iterable[BatchInput]) -> Iterator[SessionEvent]:
    """The events in segments, in order; a segment or message that can't be read has none: it becomes a reject."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    for file in inputs:
        try:
            there = set(pq.read_schema(file.path).names)
            table = pq.read_table(file.path, columns=[name for name in _COLUMNS if name in there])
        except (OSError, pa.ArrowException):
            continue
        for number, row in _candidates(table):
            yield from _events(file.seq, number, row)


def connection_span(inputs: Sequence[BatchInput]) -> tuple[int, int]:
    """When the first and the last connection began over which these messages came, in microseconds since 1970; 0 without messages."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    found: list[int] = []
    for file in inputs:
        try:
            moments = pq.read_table(file.path, columns=["connected_at"])["connected_at"]
        except (OSError, pa.ArrowException):
            continue
        found += [microseconds(moment) for moment in moments.unique().to_pylist()]
    return (min(found), max(found)) if found else (0, 0)


def microseconds(moment: datetime) -> int:
    """A time in microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _candidates(table: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and columns of messages that are births or deaths, or show a gap."""
    topics, lost = table["topic"].to_pylist(), table["lost"].to_pylist()
    for at, topic in enumerate(topics):
        if lost[at] or any(f"/{mark}/" in topic for mark in _MARKS):
            yield at + 1, {name: table[name][at].as_py() for name in table.column_names}


def _events(segment: int, number: int, row: Mapping[str, Any]) -> Iterator[SessionEvent]:
    topic = parse_topic(row["topic"])
    if topic is None:
        return
    place = {
        "segment": segment,
        "message": number,
        "connected_at": microseconds(row["connected_at"]),
        "received_at": microseconds(row["received_at"]),
    }
    if row["lost"]:
        yield _event(GAP, topic, place, sent_at=0, lost=row["lost"])
    if topic.kind not in _MARKS:
        return
    try:
        payload = read_payload(row["payload"])
    except PayloadError:
        return
    if row.get("asked"):
        yield _event(ASKED, topic, place, sent_at=payload.timestamp)
    metrics = birth_metrics(payload.metrics) if topic.kind in BIRTHS else ()
    yield _event(topic.kind, topic, place, sent_at=payload.timestamp, bd_seq=session_number(payload), metrics=metrics)


def _event(kind: str, topic: EdgeTopic, place: Mapping[str, Any], **values: Any) -> SessionEvent:
    return SessionEvent(kind=kind, group=topic.group, edge=topic.edge, device=topic.device, **place, **values)
