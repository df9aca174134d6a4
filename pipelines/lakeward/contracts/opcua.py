"""Reads the keys of a contract that describe nodes of an OPC UA server."""

from collections.abc import Mapping
from dataclasses import replace

from lakeward.contracts import segment_keys
from lakeward.contracts.collected_source import OPCUA_QUEUE, OPCUA_REPAIR_HOURS, OPCUA_SAMPLING_MS, OpcUaSource
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.payload import RECEIVED, TOPIC, VALUES_WITH_STATUS
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import bounded_integer, read_connection_name, read_segment_bounds
from lakeward.contracts.source import LIMIT_BYTES
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# Fields of a value around it, which columns can name after `$`.
ENVELOPE = (TOPIC, RECEIVED, "server_time", "data_type", "recovered")
MAX_MS, MAX_QUEUE, MAX_HOURS = 86_400_000, 100_000, 24 * 366
KEYS: Mapping[str, KeyDoc] = {
    "samplingMs": KeyDoc("whole number", "Milliseconds between two looks of the server at each node.", f"{OPCUA_SAMPLING_MS}"),
    "publishingMs": KeyDoc("whole number", "Milliseconds between two messages of the server.", f"{OPCUA_SAMPLING_MS}"),
    "queueSize": KeyDoc(
        "whole number",
        "Values of a node that the server keeps until it can send them, such as while the link is cut.",
        f"{OPCUA_QUEUE}",
    ),
    "repairHours": KeyDoc(
        "whole number",
        "Hours of the server's history that are read to close a gap: after a cut, a full queue, or a time without a collector. 0: none.",
        f"{OPCUA_REPAIR_HOURS}",
    ),
    **segment_keys.KEYS,
}


def read_opcua(view: View, retention_days: int | None) -> tuple[OpcUaSource, RecordFormat]:
    """The subscription in a mapping, and the record format of its values."""
    source = OpcUaSource(
        connection=read_connection_name(view),
        sampling_ms=bounded_integer(view, "samplingMs", OPCUA_SAMPLING_MS, MAX_MS),
        publishing_ms=bounded_integer(view, "publishingMs", OPCUA_SAMPLING_MS, MAX_MS),
        queue_size=bounded_integer(view, "queueSize", OPCUA_QUEUE, MAX_QUEUE),
        repair_hours=_hours(view),
        segment=read_segment_bounds(view),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    form = read_record_format(view, LIMIT_BYTES, FileFormat.MESSAGES)
    return source, replace(form, payload=replace(VALUES_WITH_STATUS, envelope=ENVELOPE))


def _hours(view: View) -> int:
    expected = Phrase("phrase_whole_between", low=0, high=MAX_HOURS)
    found = view.entry(
        "repairHours", expected, lambda v: v if type(v) is int and 0 <= v <= MAX_HOURS else None, OPCUA_REPAIR_HOURS
    )
    return OPCUA_REPAIR_HOURS if found is None else found
