"""Reads the keys of a contract that describe a subscription to an MQTT broker."""

from collections.abc import Mapping
from typing import Any

from lakeward.contracts import payload_keys, segment_keys
from lakeward.contracts.payload import RECEIVED, TOPIC
from lakeward.contracts.payload_keys import read_payload_format
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import bounded_integer, read_connection_name, read_segment_bounds
from lakeward.contracts.source import RECEIVE_MAXIMUM, SESSION_SECONDS, MqttSource, MqttVersion
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# Fields of a message around its payload, which columns can name after `$`.
ENVELOPE = (TOPIC, RECEIVED, "qos", "retain", "duplicate", "content_type", "properties")
# A session of a broker can't outlive this: 32 bits of seconds, of which the last value means for ever (MQTT 5, 3.1.2.11.2).
MAX_SESSION_SECONDS = 4_294_967_294
MAX_RECEIVE = 65_535
# At least once: what is landed twice has the same key.
QOS = 1
# Bytes of a topic in UTF-8 (MQTT 5, 1.5.4).
MAX_TOPIC_BYTES = 65_535
KEYS: Mapping[str, KeyDoc] = {
    "topics": KeyDoc("list of texts", "Topic filters of MQTT: `+` is one level, `#` all below.", required=True),
    "qos": KeyDoc(
        "0, 1 or 2",
        "Quality of service of the subscription. With 0 the broker keeps nothing while the collector is away.",
        f"{QOS}",
    ),
    "protocolVersion": KeyDoc("`5` or `3.1.1`", "Version of MQTT.", "`5`"),
    "clientId": KeyDoc("text", "Client id; the broker keeps the session under it.", "`lakeward-<dataset>`"),
    "shareName": KeyDoc(
        "text", "MQTT 5: group of a shared subscription, whose members get each message once among them.", "none"
    ),
    "sessionSeconds": KeyDoc(
        "whole number", "MQTT 5: how long the broker keeps session and messages of a collector that is away.", "604800: 7 days"
    ),
    "receiveMaximum": KeyDoc("whole number", "MQTT 5: most messages that are sent and not yet landed.", f"{RECEIVE_MAXIMUM}"),
    **segment_keys.KEYS,
    **payload_keys.KEYS,
}


def read_mqtt(view: View, dataset: str, retention_days: int | None) -> tuple[MqttSource, RecordFormat]:
    """The subscription in a mapping, and the record format of its messages."""
    version = _version(view)
    for key in ("shareName", "sessionSeconds", "receiveMaximum"):
        if version is not MqttVersion.V5 and view.values.get(key) is not None:
            view.fail_value(key, Phrase("phrase_beside", other="protocolVersion 5"))
    source = MqttSource(
        connection=read_connection_name(view),
        topics=_topics(view),
        qos=_qos(view),
        version=version,
        client_id=view.text("clientId", f"lakeward-{dataset}"),
        share_name=_share_name(view),
        session_seconds=bounded_integer(view, "sessionSeconds", SESSION_SECONDS, MAX_SESSION_SECONDS),
        receive_maximum=bounded_integer(view, "receiveMaximum", RECEIVE_MAXIMUM, MAX_RECEIVE),
        segment=read_segment_bounds(view),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    return source, read_payload_format(view, ENVELOPE)


def is_topic_filter(text: Any) -> bool:
    """Whether the text is a topic filter (MQTT 5, 4.7): `#` as the last level alone, `+` as a level alone."""
    if not isinstance(text, str) or not text or "\0" in text or len(text.encode()) > MAX_TOPIC_BYTES:
        return False
    levels = text.split("/")
    return all(level == "+" or "+" not in level for level in levels) and all(
        "#" not in level or (level == "#" and at == len(levels) - 1) for at, level in enumerate(levels)
    )


def _topics(view: View) -> tuple[str, ...]:
    topics = view.texts("topics")
    if not topics or not all(map(is_topic_filter, topics)) or len(set(topics)) < len(topics):
        view.fail_value("topics", Phrase("phrase_topic_filters"))
    return topics


def _share_name(view: View) -> str:
    name = view.text("shareName", "")
    if set(name) & set("/+#"):
        view.fail_value("shareName", Phrase("phrase_plain_id"))
    return name


def _qos(view: View) -> int:
    found = view.entry(
        "qos", Phrase("phrase_either", first="0, 1", second=2), lambda v: v if type(v) is int and 0 <= v <= 2 else None, QOS
    )
    return QOS if found is None else found


def _version(view: View) -> MqttVersion:
    """The version; 5 may stand without quotes."""
    known = {str(version): version for version in MqttVersion}
    return view.entry("protocolVersion", ", ".join(known), lambda v: known.get(str(v)), MqttVersion.V5) or MqttVersion.V5
