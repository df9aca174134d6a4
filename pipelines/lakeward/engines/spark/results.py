"""Small results on their way to the driver: counts, verdicts, plans. The one place that collects.

Refuses nothing by itself: that no rows of data come here is held by a convention test over the callers.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f
from pyspark.sql.types import TimestampType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Python's calendar; instants beyond it are shown as its ends.
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def fetched(frame: DataFrame) -> list[dict[str, Any]]:
    """One dict per row, as `QueryEngine.fetch` promises; instants travel as microseconds, since Python's are of the driver's zone."""
    names = frame.columns
    instants = [place for place, field in enumerate(frame.schema.fields) if isinstance(field.dataType, TimestampType)]
    plain = frame.toDF(*(f"c{place}" for place in range(len(names))))
    items = [f.unix_micros(c) if place in instants else f.col(c) for place, c in enumerate(plain.columns)]
    return [dict(zip(names, _revived(row, instants), strict=True)) for row in plain.select(*items).collect()]


def _revived(row: Row, instants: Sequence[int]) -> list[Any]:
    values: list[Any] = [_plain(value) for value in row]
    for place in instants:
        if values[place] is not None:
            values[place] = _EPOCH + min(max(values[place], _FIRST), _LAST) * _MICROSECOND
    return values


def _plain(value: object) -> object:
    """The value as DuckDB's driver gives it."""
    if isinstance(value, Row):
        return {name: _plain(one) for name, one in value.asDict().items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return bytes(value) if isinstance(value, bytearray) else value
