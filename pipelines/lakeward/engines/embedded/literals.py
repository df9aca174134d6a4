"""Writes a few governance rows as SQL. A value without an exact text, such as a time without a zone, is an error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from lakeward.contracts.model import DataType
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal

# Values from which on VALUES takes longer to plan than JSON to parse.
_MANY_VALUES = 5_000


class LiteralRows(str):
    """A SELECT of values in VALUES or JSON: it names no table, and the types of its columns are known without planning it."""

    __slots__ = ("types",)
    types: Mapping[str, str]

    @classmethod
    def of(cls, text: str, columns: Mapping[str, DataType]) -> "LiteralRows":
        """The SELECT in `text`, which casts to the types of these columns."""
        made = cls(text)
        made.types = {name: sql_type(type_) for name, type_ in columns.items()}
        return made


def literal_rows(columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> LiteralRows:
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
    return LiteralRows.of(f"SELECT {casts} FROM (VALUES {values}) AS t({names})" + ("" if rows else " WHERE false"), columns)


def many_literal_rows(columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> LiteralRows:
    """The same rows as `literal_rows`, written for DuckDB: one JSON text, since each literal of VALUES is planned by itself.

    3,600 rows of 15 columns take 0.03 s of CPU instead of 0.25 s.

    Raises:
        ValueError: A datetime has no zone, or a row has another length than `columns`.
    """
    if len(rows) * len(columns) < _MANY_VALUES:
        return literal_rows(columns, rows)
    if any(len(row) != len(columns) for row in rows):
        raise ValueError("row length")
    items = ", ".join(
        f"CAST(r[{place}] AS {sql_type(type_)}) AS {identifier(name)}" for place, (name, type_) in enumerate(columns.items(), 1)
    )
    return LiteralRows.of(f"SELECT {items} FROM ({unnested_rows(rows)})", columns)


def unnested_rows(rows: Iterable[Iterable[object]]) -> str:
    """A SELECT of `r`, the list of each row's values as texts, from one JSON text."""
    texts = json.dumps([[None if value is None else _text(value) for value in row] for row in rows], ensure_ascii=False)
    return f"SELECT unnest(from_json_strict({literal(texts)}, '[[\"VARCHAR\"]]')) AS r"


def _value(value: object) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else literal(_text(value))


def _text(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("naive datetime")
    if isinstance(value, bytes):
        return "".join(f"\\x{byte:02X}" for byte in value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
