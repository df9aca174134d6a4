"""Finds the tables and relations that a query reads."""

import functools

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from lakeward.core.names import Layer, TableName

_LAYERS = frozenset(Layer)


class FlowsDialect(DuckDB):
    """DuckDB's dialect with unchanged list positions: sqlglot shifts only literal positions to count from 0."""

    INDEX_OFFSET = 0


def parse(query: str) -> exp.Expr:
    """Parse a query of the flows, in DuckDB's dialect."""
    return sqlglot.parse_one(query, dialect=FlowsDialect)


def to_duckdb(tree: exp.Expr) -> str:
    """The query, or a part of it, as text in DuckDB's dialect."""
    return tree.sql(dialect=FlowsDialect)


@functools.lru_cache(maxsize=8)
def parse_cached(query: str) -> exp.Expr:
    """A cached, read-only tree: a flow's query is inspected several times before it runs."""
    return parse(query)


def table_references(tree: exp.Expr) -> list[exp.Table]:
    """Tables and relations in the query, without its CTEs and functions."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.db or (table.name and table.name not in own)]


def lake_table(table: exp.Table) -> TableName | None:
    """The table of the lake in the node; None for other nodes."""
    if table.db.lower() not in _LAYERS or table.catalog:
        return None
    return TableName(Layer(table.db.lower()), table.name.lower())
