"""Sketches of the distinct values of columns, and the columns of different tables that share values.

A sketch has the smallest keyed hashes of a column's distinct values (bottom-k). The key lies outside the lake, so that a sketch can't be searched for
a value; no value is kept. Whole numbers are sketched in keys only: counts and amounts coincide without a meaning.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from lakeward.contracts.model import Column, Contract, Kind
from lakeward.core.names import TableName, sha256
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.text_key import project_text_key
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.evidence.column_links import DIGITS, SIZE, link_columns
from lakeward.flows.lineage.graph import current_edges_query

SKETCHES, LINKS = "column_sketches", "column_links"

Row = Mapping[str, Any]


def sketch_columns(workspace: Workspace, engine: Engine) -> None:
    """Sketch the columns of tables that changed, and store which columns are linked. Without a key there are no sketches.

    Raises:
        ProtectionError: Other users can read the key.
    """
    text_key = project_text_key(workspace)
    if text_key is None:
        return
    key = hmac.digest(text_key, b"column sketches", "sha256").hex()
    known = {(row["column_name"], row["table_version"], row["hash_key"]): row for row in governance.read_rows(engine, SKETCHES)}
    rows = [
        sketch
        for contract in workspace.project.valid_contracts().values()
        for sketch in _table_sketches(engine, contract, key, known)
    ]
    rows.sort(key=lambda row: str(row["column_name"]))
    governance.replace_rows(engine, SKETCHES, rows, order="column_name")
    governance.replace_rows(engine, LINKS, link_columns(rows, _following_columns(engine)), order="left_column, right_column")


def _following_columns(engine: Engine) -> dict[str, set[str]]:
    """Column -> the columns that are made of it directly, by lineage."""
    query = current_edges_query(engine)
    following: dict[str, set[str]] = defaultdict(set)
    for row in engine.fetch(f"SELECT * FROM ({query}) WHERE from_column <> '' AND to_column <> ''") if query else ():
        following[f"{row['from_table']}.{row['from_column']}"].add(f"{row['to_table']}.{row['to_column']}")
    return following


def _table_sketches(engine: Engine, contract: Contract, key: str, known: Mapping[tuple[str, int, str], Row]) -> Iterator[Row]:
    table = contract.table(contract.layer)
    stored = engine.info(table)
    if stored is None:
        return
    present, key_id = {column.name for column in stored.columns}, sha256(key.encode())[:DIGITS]
    for column in contract.columns:
        if column.name in present and _is_sketched(contract, column):
            name = f"{table}.{column.name}"
            yield known.get((name, stored.version, key_id)) or {
                **_sketch(engine, table, column, key),
                "asset": str(table),
                "dataset": contract.name,
                "column_name": name,
                "text": int(column.type.kind is Kind.STRING),
                "identifier": int(contract.primary_key == (column.name,)),
                "table_version": stored.version,
                "table_bytes": engine.stored_bytes(table),
                "hash_key": key_id,
            }


def _is_sketched(contract: Contract, column: Column) -> bool:
    return column.type.kind is Kind.STRING or (column.type.kind is Kind.INTEGER and column.name in contract.primary_key)


def _sketch(engine: Engine, table: TableName, column: Column, key: str) -> Row:
    name = identifier(column.name)
    values = f"SELECT DISTINCT CAST({name} AS VARCHAR) AS text FROM {table} WHERE {name} IS NOT NULL"
    hashes = f"SELECT substr(sha256(concat({literal(key)}, text)), 1, {DIGITS}) AS hash FROM ({values})"
    smallest = engine.fetch(f"SELECT DISTINCT hash FROM ({hashes}) ORDER BY hash LIMIT {SIZE}")
    [counts] = engine.fetch(f"SELECT count({name}) AS filled, count(DISTINCT {name}) AS distinct_values FROM {table}")
    return {**counts, "hashes": "".join(row["hash"] for row in smallest)}
