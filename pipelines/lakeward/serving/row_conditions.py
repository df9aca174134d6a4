"""SQL of the row filters of a table, for one reader: checked like a reader's own query, and evaluated before anything of it."""

import re
from collections.abc import Mapping
from itertools import pairwise

import duckdb

from lakeward.contracts.model import DataType
from lakeward.core.errors import ProtectionError
from lakeward.core.sql import literal
from lakeward.serving.expression import checked_expression, expression_parameters
from lakeward.serving.plan import ServedTable

# What a condition can name of its reader.
READER_VALUES = ("party", "account")
NO_READER: Mapping[str, str | None] = dict.fromkeys(READER_VALUES)
_NAME = re.compile(rb"[0-9A-Za-z_]+")
_QUOTED_VALUE = re.compile(rb"\$(?:" + "|".join(READER_VALUES).encode() + rb")\b")
# A value that DuckDB can't compute before a row is read: predicates of a query over columns made with it stay above the filter, so
# that no cast of theirs fails, and no comparison of theirs is made, on a hidden row. It is always true.
_BARRIER = "random() < 2"


def filter_condition(table: ServedTable, reader: Mapping[str, str | None]) -> str | None:
    """The condition of the rows that a reader of `table` sees; None without filters.

    Args:
        reader: The values of `READER_VALUES`; None where the reader has none, and then no comparison with it is true.

    Raises:
        ProtectionError: A filter is no condition over the columns of the table.
    """
    columns = {column.name: column.type for column in table.columns}
    conditions = [row_condition(table.contract.row_filters[rule.filter], columns, reader) for rule in table.filters]
    return " AND ".join(f"({condition})" for condition in conditions) or None


def row_condition(text: str, columns: Mapping[str, DataType], reader: Mapping[str, str | None]) -> str:
    """One filter with the values of its reader, as a checked expression. It is NULL where it fails, and hides the row.

    Raises:
        ProtectionError: It is no condition over these columns.
    """
    content = text.encode()
    places = _parameters(content)
    names = sorted(content[start + 1 : end].decode() for start, end in places)
    if names != expression_parameters(text) or not set(names) <= set(READER_VALUES):
        raise _value_fault()
    for start, end in reversed(places):
        content = content[:start] + _value(reader[content[start + 1 : end].decode()]).encode() + content[end:]
    return f"TRY(CAST({checked_expression(content.decode(), columns)} AS BOOLEAN))"


def _parameters(content: bytes) -> list[tuple[int, int]]:
    """Where `$name` stands as a parameter, by DuckDB's own tokens: in no text of any kind, no comment, and no name in quotes.

    Raises:
        ProtectionError: A text holds the name of a reader's value: `x <> '$party'` would be true of every row.
    """
    tokens = [*duckdb.tokenize(content.decode()), (len(content), None)]
    found = []
    for (at, kind), (after, next_kind) in pairwise(tokens):
        if kind == duckdb.token_type.string_const and _QUOTED_VALUE.search(content, at, after):
            raise _value_fault()
        name = _NAME.match(content, after)
        if content[at:after] == b"$" and next_kind == duckdb.token_type.identifier and name:
            found.append((at, name.end()))
    return found


def _value_fault() -> ProtectionError:
    return ProtectionError("row_filter_value", expected=", ".join(f"${name}" for name in READER_VALUES))


def check_row_filter(text: str, columns: Mapping[str, DataType]) -> None:
    """Check a filter of a contract with these columns.

    Raises:
        ProtectionError: It is no condition over these columns.
    """
    row_condition(text, columns, NO_READER)


def behind_barrier(expression: str) -> str:
    """The same value, which no predicate of a query is moved below."""
    return f"CASE WHEN {_BARRIER} THEN {expression} END"


def _value(value: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else literal(value)
