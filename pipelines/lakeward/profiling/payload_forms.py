"""Recognises the form of messages' payloads by their bytes, one message at a time."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Topics of Sparkplug B begin so; its payloads are Protobuf.
_SPARKPLUG = "spBv1.0/"
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_DELIMITERS = (";", "\t", "|", ",")


class PayloadForm(StrEnum):
    """What a payload is."""

    UMH = "umh"
    TELEGRAF = "telegraf"
    AZURE = "azure-iot"
    OBJECT = "json"
    VALUE = "text"
    LINES = "csv"
    EMPTY = "empty"
    SPARKPLUG = "sparkplug"
    BYTES = "bytes"


# Forms that a contract can name.
DECODED = (
    PayloadForm.UMH,
    PayloadForm.TELEGRAF,
    PayloadForm.AZURE,
    PayloadForm.OBJECT,
    PayloadForm.VALUE,
    PayloadForm.LINES,
)


@dataclass(frozen=True, slots=True)
class SampledMessage:
    """A message that was kept while its source was watched."""

    topic: str
    payload: bytes


def form_of(message: SampledMessage) -> PayloadForm:
    """The form of one message."""
    if not message.payload.strip():
        return PayloadForm.EMPTY
    try:
        text = message.payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        return PayloadForm.SPARKPLUG if message.topic.startswith(_SPARKPLUG) else PayloadForm.BYTES
    if any(ord(sign) < ord(" ") and sign not in "\t\r\n" for sign in text):
        return PayloadForm.SPARKPLUG if message.topic.startswith(_SPARKPLUG) else PayloadForm.BYTES
    document = parse_json(text)
    first = document[0] if isinstance(document, list) and document else document
    return _form_of_object(first) if isinstance(first, dict) else _form_of_text(text)


def parse_json(text: str) -> Any:
    """The JSON of a text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _form_of_object(record: Mapping[str, Any]) -> PayloadForm:
    if "timestamp_ms" in record and len(record) > 1:
        return PayloadForm.UMH
    if _is_telegraf(record):
        return PayloadForm.TELEGRAF
    return PayloadForm.AZURE if _is_azure(record) else PayloadForm.OBJECT


def _is_telegraf(record: Mapping[str, Any]) -> bool:
    """As the JSON serializer of Telegraf writes a metric: alone, or several as `metrics`."""
    metrics = record.get("metrics")
    metric = metrics[0] if isinstance(metrics, list) and metrics else record
    return isinstance(metric, dict) and isinstance(metric.get("fields"), dict) and {"name", "timestamp"} <= metric.keys()


def _is_azure(record: Mapping[str, Any]) -> bool:
    """As Azure IoT Operations writes data points: objects with `Value` beside a time or status of their own, or as OPC UA PubSub."""
    messages = record.get("Messages")
    inner = messages[0] if isinstance(messages, list) and messages else record
    payload = inner.get("Payload", inner) if isinstance(inner, dict) else None
    points = [point for point in payload.values() if isinstance(point, dict)] if isinstance(payload, dict) else []
    return any("Value" in point and point.keys() & {"SourceTimestamp", "StatusCode"} for point in points)


def _form_of_text(text: str) -> PayloadForm:
    if _NUMBER.fullmatch(text):
        return PayloadForm.VALUE
    is_divided = any(sign in line for line in text.splitlines()[:1] for sign in _DELIMITERS)
    return PayloadForm.LINES if is_divided and parse_json(text) is None else PayloadForm.VALUE
