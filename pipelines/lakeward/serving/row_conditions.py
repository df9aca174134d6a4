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
        raise ProtectionError("row_filter_value", expected=", ".join(f"${name}" for name in READER_VALUES))
    for start, end in reversed(places):
        content = content[:start] + _value(reader[content[start + 1 : end].decode()]).encode() + content[end:]
    return f"TRY(CAST({checked_expression(content.decode(), columns)} AS BOOLEAN))"


def _parameters(content: bytes) -> list[tuple[int, int]]:
    """Where `$name` stands as a parameter, by DuckDB's own tokens: in no text of any kind, no comment, and no name in quotes."""
    tokens = duckdb.tokenize(content.decode())
    pairs = [(at, kind) for (at, _), (after, kind) in pairwise(tokens) if content[at:after] == b"$"]
    found = ((at, _NAME.match(content, at + 1)) for at, kind in pairs if kind == duckdb.token_type.identifier)
    return [(at, name.end()) for at, name in found if name]


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
