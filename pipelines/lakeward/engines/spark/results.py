"""Collects small results to the driver: counts, verdicts, plans. The only module that collects.

A convention test over the callers checks that no rows of data are collected.
"""

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f
from pyspark.sql.types import DecimalType, StructField, TimestampType, VariantVal

from lakeward.core.clock import instant_of

# Type of counts and sums in 128 bits, which DuckDB returns as integers.
_HUGEINT = DecimalType(38, 0)


def collect_rows(frame: DataFrame) -> list[dict[str, Any]]:
    """One dict per row, as in `QueryEngine.fetch`; times are collected as microseconds, since Python's have the driver's zone."""
    names, fields = frame.columns, frame.schema.fields
    plain = frame.toDF(*(f"c{place}" for place in range(len(names))))
    items = [f.unix_micros(c) if _is_instant(field) else f.col(c) for c, field in zip(plain.columns, fields, strict=True)]
    return [dict(zip(names, _values(row, fields), strict=True)) for row in plain.select(*items).collect()]


def _values(row: Row, fields: Sequence[StructField]) -> list[Any]:
    return [None if value is None else _python_value(value, field) for value, field in zip(row, fields, strict=True)]


def _python_value(value: Any, field: StructField) -> object:
    if _is_instant(field):
        return instant_of(value)
    return int(value) if field.dataType == _HUGEINT else _plain_value(value)


def _is_instant(field: StructField) -> bool:
    return isinstance(field.dataType, TimestampType)


def _plain_value(value: object) -> object:
    """The value as returned by DuckDB's driver."""
    if isinstance(value, Row):
        return {name: _plain_value(item) for name, item in value.asDict().items()}
    if isinstance(value, list):
        return [_plain_value(item) for item in value]
    if isinstance(value, VariantVal):
        return value.toPython()
    return bytes(value) if isinstance(value, bytearray) else value
