"""Reads the keys of a contract that describe a topic of Kafka."""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from lakeward.contracts import payload_keys, schema_keys
from lakeward.contracts.payload import RECEIVED, TOPIC
from lakeward.contracts.payload_keys import read_payload_format
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import CONNECTION_KEYS, bounded_integer, read_connection_name
from lakeward.contracts.source import KAFKA_WINDOW_ROWS, AcceptedGap, KafkaSource, KafkaStart
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase


class AddressField(StrEnum):
    """The field of a message with which an address begins."""

    TOPIC = "topic"
    KEY = "key"


# Fields of a message around its payload, which columns can name after `$`.
ENVELOPE = (TOPIC, RECEIVED, "key", "partition", "offset", "timestamp", "headers")
MAX_WINDOW_ROWS = 10_000_000
KEYS: Mapping[str, KeyDoc] = {
    **CONNECTION_KEYS,
    "topic": KeyDoc("text", "The topic.", required=True),
    "start": KeyDoc("`earliest` or `latest`", "Where the first run begins.", f"`{KafkaStart.EARLIEST}`"),
    "acceptedGaps": KeyDoc(
        "list of texts",
        "Offsets that the broker has removed before they were read, and that are given up: `partition:first-last`, as the error names them.",
        "none: a run stops at such a gap",
    ),
    "windowRows": KeyDoc("whole number", "Most messages that are landed at a time.", f"{KAFKA_WINDOW_ROWS}"),
    "limitBytes": KeyDoc("whole number", "Most bytes of segments in one batch.", f"{SEGMENT_BATCH_BYTES}"),
    "addressField": KeyDoc(
        "`topic` or `key`",
        "Field of the message with which the addresses of its readings begin: `key` where the key names what a message is of.",
        f"`{AddressField.TOPIC}`",
    ),
    **payload_keys.KEYS,
    **schema_keys.REGISTRY_KEYS,
}
# Names of topics (Apache Kafka, `Topic.java`).
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_GAP = re.compile(r"(\d{1,9}):(\d{1,18})-(\d{1,18})")


def read_kafka(view: View, retention_days: int | None) -> tuple[KafkaSource, RecordFormat]:
    """The topic in a mapping, and the record format of its messages."""
    source = KafkaSource(
        connection=read_connection_name(view),
        topic=view.entry("topic", Phrase("phrase_topic", most=249), _topic) or "",
        start=view.choice("start", tuple(KafkaStart), KafkaStart.EARLIEST),
        accepted_gaps=_gaps(view),
        window_rows=bounded_integer(view, "windowRows", KAFKA_WINDOW_ROWS, MAX_WINDOW_ROWS),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
        registry=_registry(view),
    )
    record_format = read_payload_format(view, ENVELOPE)
    assert record_format.payload
    address = view.choice("addressField", tuple(AddressField), AddressField.TOPIC)
    return source, replace(record_format, payload=replace(record_format.payload, address=str(address)))


def _registry(view: View) -> str:
    """Name of the registry's connection; empty for none."""
    if view.values.get(schema_keys.REGISTRY) is None:
        return ""
    return read_connection_name(view, schema_keys.REGISTRY)


def _topic(value: Any) -> str | None:
    return value if isinstance(value, str) and _TOPIC.fullmatch(value) and value not in {".", ".."} else None


def _gaps(view: View) -> tuple[AcceptedGap, ...]:
    texts = view.texts("acceptedGaps")
    found = [match for text in texts if (match := _GAP.fullmatch(text)) and int(match[2]) <= int(match[3])]
    if len(found) < len(texts):
        view.fail_value("acceptedGaps", Phrase("phrase_gaps", example="0:120-250"))
    return tuple(AcceptedGap(int(match[1]), int(match[2]), int(match[3])) for match in found)
