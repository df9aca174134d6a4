"""Values that a suite writes, as values and as SQL of the column they are compared with."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import literal as text

EXPECTED_TEXTS = {
    Kind.STRING: "text",
    Kind.INTEGER: "number",
    Kind.DOUBLE: "number",
    Kind.DECIMAL: "number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "date as ISO 8601 text",
    Kind.TIMESTAMP: "time as ISO 8601 text",
    Kind.BINARY: "no value: this column has no order",
}
NUMBERS = (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)


def parse_value(value: Any, type_: DataType, zone: str | None) -> Any:
    """`value` as Python has values of `type_`. A naive time is in `zone` (the contract's), else in UTC.

    Raises:
        ValueError: `value` can't be compared with `type_`; its text is what was expected.
    """
    kind = type_.kind
    try:
        if isinstance(value, bool):
            known = kind is Kind.BOOLEAN
        elif isinstance(value, int | float):
            known = kind in NUMBERS
        else:
            known = isinstance(value, str) and kind in (Kind.STRING, Kind.DATE, Kind.TIMESTAMP)
        if known:
            return _from_text(value, kind, zone)
    except ValueError:
        raise ValueError(EXPECTED_TEXTS[kind]) from None
    raise ValueError(EXPECTED_TEXTS[kind])


def _from_text(value: Any, kind: Kind, zone: str | None) -> Any:
    if kind is Kind.DATE:
        return date.fromisoformat(value)
    if kind is not Kind.TIMESTAMP:
        return value
    instant = datetime.fromisoformat(value)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return aware.astimezone(UTC)


def literal(value: Any, type_: DataType, zone: str | None) -> str:
    """SQL of `value`, to compare with a column of `type_`, read as `parsed` reads it.

    Raises:
        ValueError: `value` can't be compared with `type_`; its text is what was expected.
    """
    known = parse_value(value, type_, zone)
    if type_.kind is Kind.DOUBLE:
        return f"CAST({text(repr(known))} AS DOUBLE)"
    if isinstance(known, datetime):
        return f"TIMESTAMPTZ {text(known.isoformat(sep=' '))}"
    if isinstance(known, date):
        return f"DATE {text(known.isoformat())}"
    if isinstance(known, bool):
        return str(known).upper()
    return text(known) if isinstance(known, str) else repr(known)
