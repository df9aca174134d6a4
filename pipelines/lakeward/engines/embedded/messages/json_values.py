"""Decoded values as JSON: numbers keep all their digits, bytes are base 64, times are ISO 8601."""

import base64
import json
import math
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID


def to_json(record: Any, *, exact: bool) -> str:
    """The record as JSON.

    Args:
        exact: Whether decimals are texts, with every digit of theirs; else they are numbers where a double holds them.
    """
    encode = _exact if exact else _numeric
    try:
        return json.dumps(record, default=encode, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number that JSON does not have
        return json.dumps(_without_nan(record), default=encode, ensure_ascii=False, allow_nan=False)


def _exact(value: Any) -> Any:
    """What JSON has for a value of a type that it does not know.

    Raises:
        TypeError: Nothing.
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def _numeric(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite() and Decimal(repr(float(value))) == value:
        return float(value)
    return _exact(value)


def _without_nan(value: Any) -> Any:
    """The value with texts in place of what is no number: `NaN`, `Infinity`, `-Infinity`, as Protobuf's own JSON has them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
