"""DuckDB's parse tree of a statement, as it serializes it: parsed once, and searched for nodes and names."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from lakeward.core.sql import literal

Tree = Mapping[str, Any]


def parse(con: duckdb.DuckDBPyConnection, text: str) -> Tree:
    """The tree of a text; of one that can't be parsed, its `error`."""
    found: Tree = json.loads(con.execute(f"SELECT json_serialize_sql({literal(text)})").fetchall()[0][0])
    return found


def all_nodes(value: Any) -> Iterator[Tree]:
    """Every mapping in `value`, and itself."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def named_parts(node: Tree) -> Iterator[list[str]]:
    """What the node itself refers to: `[column]`, `[table, column]`, …; also a part of a struct, or the whole row of a table."""
    if node.get("type") == "COLUMN_REF":
        yield node["column_names"]
    yield from ([name] for name in node.get("using_columns") or ())


def fold_case(name: str) -> str:
    """`name` in lower case as in DuckDB: ASCII only. Python would fold the Kelvin sign to `k` and so confuse two names."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)
