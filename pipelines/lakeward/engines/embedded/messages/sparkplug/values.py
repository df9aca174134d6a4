"""Values of metrics as texts, by their data types (Sparkplug specification 3.0.0, 6.4.16 and 6.4.17)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from lakeward.core.sparkplug.types import BOOLEAN, DATE_TIME, FLOATS, SIGNED, SINGLE_TYPES, TEXTS, UNSIGNED

# Bits of the fields of whole numbers; edges put those of 32 bits into either.
_FIELD_BITS = {"int_value": 32, "long_value": 64}
# Data type -> the fields that can hold its values.
_FIELDS: Mapping[int, tuple[str, ...]] = {
    **dict.fromkeys((*SIGNED, *UNSIGNED, DATE_TIME), tuple(_FIELD_BITS)),
    **dict.fromkeys(FLOATS, ("float_value", "double_value")),
    BOOLEAN: ("boolean_value",),
    **dict.fromkeys(TEXTS, ("string_value",)),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MetricValue(NamedTuple):
    """A value: a number as text, or another text; or why there is none.

    Args:
        reason: Message code of the reject; None for a value, which may be missing by the edge's own word.
    """

    number: str | None = None
    text: str | None = None
    reason: str | None = None


NO_VALUE = MetricValue()
_OTHER_FIELD = MetricValue(reason="reject_metric_value")
_OTHER_TYPE = MetricValue(reason="reject_metric_type")


def metric_value(metric: Any, datatype: int) -> MetricValue:
    """The value of a metric of this type. Sets, templates, bytes and arrays are no readings: rejects with their bytes."""
    if datatype not in SINGLE_TYPES or metric.is_null:
        return NO_VALUE if datatype in SINGLE_TYPES else _OTHER_TYPE
    field = metric.WhichOneof("value") or ""
    if field not in _FIELDS[datatype]:
        return _OTHER_FIELD
    value = getattr(metric, field)
    if datatype in FLOATS:
        return _real_number(value)
    if datatype in TEXTS:
        return _text(value)
    return _whole_number(value, datatype, field) if datatype in {*SIGNED, *UNSIGNED} else _other_value(value, datatype)


def instant_text(milliseconds: int) -> str | None:
    """A time since 1970 in ISO 8601; None after the year 9999."""
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"


def _other_value(value: int, datatype: int) -> MetricValue:
    """True or false, or a time in milliseconds since 1970."""
    if datatype == BOOLEAN:
        return MetricValue(text=str(value).lower())
    moment = instant_text(value)
    return MetricValue(text=moment) if moment else _OTHER_FIELD


def _whole_number(raw: int, datatype: int, field: str) -> MetricValue:
    """A whole number: signed ones are two's complement in the unsigned field, of the type's own bits or of the field's."""
    if datatype in UNSIGNED:
        return MetricValue(number=str(raw)) if raw < 1 << UNSIGNED[datatype] else _OTHER_FIELD
    bits = SIGNED[datatype]
    value = raw & ((1 << bits) - 1)
    value -= (value >> (bits - 1)) << bits
    # Of Int8 -5 is 251, 4294967291 or 18446744073709551611: what is none of these is no value of the type.
    is_whole = raw in {value & ((1 << width) - 1) for width in (bits, 32, _FIELD_BITS[field])}
    return MetricValue(number=str(value)) if is_whole else _OTHER_FIELD


def _real_number(value: float) -> MetricValue:
    if math.isfinite(value):
        return MetricValue(number=repr(value))
    return MetricValue(text="NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")


def _text(content: bytes) -> MetricValue:
    try:
        return MetricValue(text=content.decode())
    except UnicodeDecodeError:
        return MetricValue(reason="reject_encoding")
