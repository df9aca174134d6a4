"""Values of nodes as rows: the value with its status and source time as JSON, as the decoder of messages reads it."""

import base64
import json
import math
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

# Columns of a segment. `source_time` is also in the payload; here it is quick to find after a restart.
SCHEMA = {
    "topic": "string",
    "payload": "binary",
    "received_at": "timestamp[us, UTC]",
    "server_time": "timestamp[us, UTC]",
    "source_time": "timestamp[us, UTC]",
    "data_type": "string",
    "recovered": "bool",
}
# Bits of a status (OPC 10000-4, 7.39): the rest speaks of a value, and its queue was full before it.
_IS_DATA_VALUE, _OVERFLOW = 0x400, 0x80


def has_overflow(value: ua.DataValue) -> bool:
    """Whether values before this one were lost in the server's queue."""
    status = _status(value)
    return bool(status & _IS_DATA_VALUE and status & _OVERFLOW)


def source_time(value: ua.DataValue, received: datetime) -> datetime:
    """Time of the value at its source; where the server gives none, that of the server, or of receipt."""
    return _utc(value.SourceTimestamp) or _utc(value.ServerTimestamp) or received


def value_row(address: str, value: ua.DataValue, received: datetime, *, recovered: bool) -> tuple[tuple[object, ...], int]:
    """A row of `SCHEMA`, and the bytes of its payload.

    Args:
        recovered: Whether it comes from the server's history.
    """
    time = source_time(value, received)
    variant = value.Value
    reading = {
        "Value": _plain(variant.Value if variant is not None else None),
        "SourceTimestamp": time.isoformat().replace("+00:00", "Z"),
        "StatusCode": _status(value),
    }
    payload = json.dumps({"value": reading}, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    kind = variant.VariantType.name if variant is not None and variant.Value is not None else None
    return (address, payload, received, _utc(value.ServerTimestamp), time, kind, recovered), len(payload)


def _status(value: ua.DataValue) -> int:
    return int(value.StatusCode.value) if value.StatusCode is not None else 0


def _utc(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _plain(value: Any) -> Any:
    """The value as JSON can have it: NaN and infinity are no numbers, bytes are base 64, structures are texts."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else _text(value)


def _text(value: Any) -> str | None:
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return (_utc(value) or value).isoformat().replace("+00:00", "Z")
        case ua.LocalizedText():
            return None if value.Text is None else str(value.Text)
        case _:
            return str(value)
