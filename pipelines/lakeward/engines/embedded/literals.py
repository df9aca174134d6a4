"""Writes a few governance rows as SQL. A value without an exact text, such as a time without a zone, is an error."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lakeward.contracts.model import DataType
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal


def literal_rows(columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
    """A SELECT of `rows`, typed as `columns`; every value is a quoted text and is cast once, as a column.

    Raises:
        ValueError: A datetime has no zone, or a row has another length than `columns`.
    """
    names = ", ".join(map(identifier, columns))
    casts = ", ".join(f"CAST({identifier(name)} AS {sql_type(type_)}) AS {identifier(name)}" for name, type_ in columns.items())
    if any(len(row) != len(columns) for row in rows):
        raise ValueError("row length")
    none = [[None] * len(columns)]
    values = ", ".join(f"({', '.join(map(_value, row))})" for row in rows or none)
    return f"SELECT {casts} FROM (VALUES {values}) AS t({names})" + ("" if rows else " WHERE false")


def _value(value: object) -> str:
    if value is None:
        return "CAST(NULL AS VARCHAR)"
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("naive datetime")
    if isinstance(value, bytes):
        return literal("".join(f"\\x{byte:02X}" for byte in value))
    return literal(value.isoformat() if isinstance(value, datetime) else str(value))
