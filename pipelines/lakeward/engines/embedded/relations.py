"""Finds the lake's tables in a query and puts the scan of a version in their place.

The text is cut and joined at the places that the parser names; everything else reaches DuckDB as it was written.
"""

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from lakeward.core.names import Layer, TableName
from lakeward.core.sql import identifier

# Cheap and sure in one direction: a text without it names no table of the lake, and is not parsed.
_MENTION = re.compile(rf"\b(?:{'|'.join(Layer)})\"?\s*\.", re.IGNORECASE)


def resolved(query: str, scan: Callable[[TableName], str]) -> str:
    """`query` with each `layer.name` in a FROM replaced by `scan(table)`, under the name it had."""
    if not _MENTION.search(query):
        return query
    places = sorted((_place(table, name, scan) for table, name in _tables(query)), reverse=True)
    for start, end, text in places:
        query = query[:start] + text + query[end:]
    return query


def _tables(query: str) -> list[tuple[exp.Table, TableName]]:
    found = sqlglot.parse_one(query, dialect="duckdb").find_all(exp.Table)
    layers = set(Layer)
    return [(t, TableName.parse(f"{t.db.lower()}.{t.name.lower()}")) for t in found if t.db.lower() in layers and not t.catalog]


def _place(table: exp.Table, name: TableName, scan: Callable[[TableName], str]) -> tuple[int, int, str]:
    start, end = table.args["db"].meta["start"], table.this.meta["end"] + 1
    return start, end, scan(name) + ("" if table.alias else f" AS {identifier(name.name)}")
