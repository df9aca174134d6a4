"""Reads the keys of a contract that describe edges of Sparkplug B."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakeward.contracts import segment_keys
from lakeward.contracts.collected_source import REBIRTH_SECONDS, MqttVersion, SparkplugSource
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.mqtt import ENVELOPE as MESSAGE
from lakeward.contracts.payload import SPARKPLUG_METRICS
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import read_connection_name, read_segment_bounds
from lakeward.contracts.source import LIMIT_BYTES
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# Fields of a metric around its value, which columns can name after `$`.
METRIC = ("group", "edge", "device", "metric", "message", "seq", "bd_seq", "alias", "datatype", "historical", "transient")
ENVELOPE = (*MESSAGE, *METRIC, "connected_at", "lost")
MAX_REBIRTH_SECONDS = 86_400
KEYS: Mapping[str, KeyDoc] = {
    "groups": KeyDoc("list of texts", "Ids of groups.", "all groups"),
    "edges": KeyDoc("list of texts", "Ids of edges in them.", "all edges"),
    "hostId": KeyDoc(
        "text",
        "Id of the host, as edges have it that wait for a primary host. No other host at the broker may have it.",
        "`lakeward-<dataset>`",
    ),
    "rebirthSeconds": KeyDoc(
        "whole number",
        "Seconds between two requests for the births of one edge, which are sent where data comes without a birth or after a gap. 0: none.",
        f"{REBIRTH_SECONDS}",
    ),
    "protocolVersion": KeyDoc("`5` or `3.1.1`", "Version of MQTT.", "`5`"),
    "clientId": KeyDoc("text", "Client id at the broker.", "`lakeward-<dataset>`"),
    **segment_keys.KEYS,
}


def read_sparkplug(view: View, dataset: str, retention_days: int | None) -> tuple[SparkplugSource, RecordFormat]:
    """The edges in a mapping, and the record format of their metrics."""
    known = {str(version): version for version in MqttVersion}
    version = view.entry("protocolVersion", ", ".join(known), lambda v: known.get(str(v)), MqttVersion.V5)
    source = SparkplugSource(
        connection=read_connection_name(view),
        groups=_ids(view, "groups"),
        edges=_ids(view, "edges"),
        host=_host(view, f"lakeward-{dataset}"),
        client_id=view.text("clientId", f"lakeward-{dataset}"),
        version=version or MqttVersion.V5,
        rebirth_seconds=_rebirth_seconds(view),
        segment=read_segment_bounds(view),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    form = read_record_format(view, LIMIT_BYTES, FileFormat.MESSAGES)
    return source, replace(form, payload=replace(SPARKPLUG_METRICS, envelope=ENVELOPE))


def is_id(text: Any) -> bool:
    """Whether the text is an id of Sparkplug: one level of a topic, and no wildcard (specification 3.0.0, 4.1)."""
    return isinstance(text, str) and bool(text) and not set(text) & set("/+#\0")


def _ids(view: View, key: str) -> tuple[str, ...]:
    ids = view.texts(key)
    if not all(map(is_id, ids)) or len(set(ids)) < len(ids) or (view.values.get(key) is not None and not ids):
        view.fail_value(key, Phrase("phrase_plain_ids"))
    return ids


def _host(view: View, default: str) -> str:
    return view.entry("hostId", Phrase("phrase_plain_id"), lambda v: v if is_id(v) else None, default) or default


def _rebirth_seconds(view: View) -> int:
    expected = Phrase("phrase_whole_between", low=0, high=MAX_REBIRTH_SECONDS)
    found = view.entry(
        "rebirthSeconds", expected, lambda v: v if type(v) is int and 0 <= v <= MAX_REBIRTH_SECONDS else None, REBIRTH_SECONDS
    )
    return REBIRTH_SECONDS if found is None else found
