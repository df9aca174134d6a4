"""Reads the keys of a contract that describe the history of nodes of an OPC UA server."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.opcua import ENVELOPE
from lakeward.contracts.payload import VALUES_WITH_STATUS
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import CONNECTION_KEYS, bounded_integer, read_connection_name
from lakeward.contracts.source import HISTORY_SETTLE_SECONDS, HISTORY_WINDOW_MINUTES, LIMIT_BYTES, OpcUaHistorySource
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

MAX_SETTLE, MAX_WINDOW = 86_400 * 31, 1440 * 31
KEYS: Mapping[str, KeyDoc] = {
    **CONNECTION_KEYS,
    "start": KeyDoc(
        "text",
        "Time of ISO 8601 with an offset, or a date (UTC), at which the first run begins, such as `2026-01-01`.",
        required=True,
    ),
    "settleSeconds": KeyDoc(
        "whole number",
        "A run ends so long before now: until then the server's history is taken to be complete, and what it gets later is not read.",
        f"{HISTORY_SETTLE_SECONDS}",
    ),
    "windowMinutes": KeyDoc(
        "whole number", "Minutes of history that are read and landed at a time.", f"{HISTORY_WINDOW_MINUTES}"
    ),
    "limitBytes": KeyDoc("whole number", "Most bytes of segments in one batch.", f"{SEGMENT_BATCH_BYTES}"),
}


def read_opcua_history(view: View, retention_days: int | None) -> tuple[OpcUaHistorySource, RecordFormat]:
    """The history in a mapping, and the record format of its values."""
    source = OpcUaHistorySource(
        connection=read_connection_name(view),
        start=view.entry("start", Phrase("phrase_instant_or_day"), _start) or datetime(1970, 1, 1, tzinfo=UTC),
        settle_seconds=bounded_integer(view, "settleSeconds", HISTORY_SETTLE_SECONDS, MAX_SETTLE),
        window_minutes=bounded_integer(view, "windowMinutes", HISTORY_WINDOW_MINUTES, MAX_WINDOW),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    form = read_record_format(view, LIMIT_BYTES, FileFormat.MESSAGES)
    return source, replace(form, payload=replace(VALUES_WITH_STATUS, envelope=ENVELOPE))


def _start(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or (found.tzinfo is None and len(str(value)) > len("2026-01-01")):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
