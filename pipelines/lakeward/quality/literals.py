"""Parses values of a suite, and writes them as SQL literals of the compared column."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.contracts.model import DataType, Kind
from lakeward.core.messages import Phrase
from lakeward.core.sql import literal as text

EXPECTED_TEXTS: Mapping[Kind, Phrase] = {
    Kind.STRING: Phrase("phrase_text"),
    Kind.INTEGER: Phrase("phrase_number"),
    Kind.DOUBLE: Phrase("phrase_number"),
    Kind.DECIMAL: Phrase("phrase_number"),
    Kind.BOOLEAN: Phrase("phrase_flag"),
    Kind.DATE: Phrase("phrase_date_text"),
    Kind.TIMESTAMP: Phrase("phrase_time_text"),
    Kind.BINARY: Phrase("phrase_no_order"),
}
NUMBERS = (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)


def parse_value(value: Any, type_: DataType, zone: str | None) -> Any:
    """Parse `value` as a Python value of `type_`. A naive time is in `zone` (the contract's), else in UTC.

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


def expected_of(error: ValueError) -> str | Phrase:
    """What an error of this package says was expected."""
    return next((one for one in error.args if isinstance(one, Phrase)), str(error))


def _from_text(value: Any, kind: Kind, zone: str | None) -> Any:
    if kind is Kind.DATE:
        return date.fromisoformat(value)
    if kind is not Kind.TIMESTAMP:
        return value
    instant = datetime.fromisoformat(value)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return aware.astimezone(UTC)


def literal(value: Any, type_: DataType, zone: str | None) -> str:
    """SQL literal of `value` for a column of `type_`, parsed by `parse_value`.

    Raises:
        ValueError: `value` can't be compared with `type_`; its text is what was expected.
    """
    known = parse_value(value, type_, zone)
    if type_.kind is Kind.DOUBLE or known in (math.inf, -math.inf):
        return f"CAST({text(repr(known))} AS DOUBLE)"
    if isinstance(known, datetime):
        return f"TIMESTAMPTZ {text(known.isoformat(sep=' '))}"
    if isinstance(known, date):
        return f"DATE {text(known.isoformat())}"
    if isinstance(known, bool):
        return str(known).upper()
    return text(known) if isinstance(known, str) else repr(known)
