"""Replaces the lake's tables in a query by scans of a version.

Only the names of tables are replaced; the rest of the text reaches DuckDB unchanged.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from lakeward.core.names import Layer, TableName
from lakeward.core.sql import identifier
from lakeward.engines.embedded.plain_tables import Mention, plain_tables

if TYPE_CHECKING:
    from sqlglot import exp

# Cheap test: a text without a match names no table of the lake, and is not parsed.
_MENTION = re.compile(rf"\b(?:{'|'.join(Layer)})\"?\s*\.", re.IGNORECASE)


def resolve_tables(query: str, scan: Callable[[TableName], str]) -> str:
    """`query` with each `layer.name` in a FROM replaced by `scan(table)`, under the name it had."""
    if not _MENTION.search(query):
        return query
    for table in sorted(_lake_tables(query), reverse=True):
        query = query[: table.start] + _scan_item(table, scan) + query[table.end :]
    return query


def _lake_tables(query: str) -> list[Mention]:
    plain = plain_tables(query)
    return _parsed_tables(query) if plain is None else plain


def _parsed_tables(query: str) -> list[Mention]:
    import sqlglot  # noqa: PLC0415 -- 0.1 s of a command, and few queries need it

    layers = set(Layer)
    found = sqlglot.parse_one(query, dialect="duckdb").find_all(sqlglot.exp.Table)
    return [_mention(table) for table in found if table.db.lower() in layers and not table.catalog]


def _mention(table: "exp.Table") -> Mention:
    start, end = table.args["db"].meta["start"], table.this.meta["end"] + 1
    return Mention(start, end, table.db.lower(), table.name.lower(), bool(table.alias))


def _scan_item(table: Mention, scan: Callable[[TableName], str]) -> str:
    name = TableName.parse(f"{table.layer}.{table.name}")
    return scan(name) + ("" if table.has_alias else f" AS {identifier(name.name)}")
