"""Values that a suite writes, as SQL of the column they are compared with."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import literal as text

WORDS = {
    Kind.STRING: "text",
    Kind.INTEGER: "number",
    Kind.DOUBLE: "number",
    Kind.DECIMAL: "number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "date as ISO 8601 text",
    Kind.TIMESTAMP: "time as ISO 8601 text",
    Kind.BINARY: "no value: this column has no order",
}


def literal(value: Any, type_: DataType, zone: str | None) -> str:
    """SQL of `value`, to compare with a column of `type_`. A naive time is in `zone` (the contract's), else in UTC.

    Raises:
        ValueError: `value` can't be compared with `type_`; its text is what was expected.
    """
    kind = type_.kind
    try:
        if kind in (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL) and isinstance(value, int | float) and not isinstance(value, bool):
            return f"CAST('{value!r}' AS DOUBLE)" if kind is Kind.DOUBLE else repr(value)
        if kind is Kind.BOOLEAN and isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, str) and kind in (Kind.STRING, Kind.DATE, Kind.TIMESTAMP):
            return _from_text(value, kind, zone)
    except ValueError:
        raise ValueError(WORDS[kind]) from None
    raise ValueError(WORDS[kind])


def _from_text(value: str, kind: Kind, zone: str | None) -> str:
    if kind is Kind.STRING:
        return text(value)
    if kind is Kind.DATE:
        return f"DATE '{date.fromisoformat(value)}'"
    moment = datetime.fromisoformat(value)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return f"TIMESTAMPTZ '{aware.astimezone(UTC).isoformat(sep=' ')}'"
