"""What a query reads: tables of the lake, relations of the session. Refuses to change a query."""

import functools

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from lakeward.core.names import Layer, TableName

_LAYERS = frozenset(Layer)


class FlowsDialect(DuckDB):
    """DuckDB's dialect, places in lists as they are written: sqlglot moves those that are literals to count from 0, and leaves the others."""

    INDEX_OFFSET = 0


def parse(query: str) -> exp.Expr:
    """The query as the flows write it, in DuckDB's dialect."""
    return sqlglot.parse_one(query, dialect=FlowsDialect)


def to_duckdb(tree: exp.Expr) -> str:
    """The query, or a part of it, in DuckDB's dialect again."""
    return tree.sql(dialect=FlowsDialect)


@functools.lru_cache(maxsize=8)
def parse_cached(query: str) -> exp.Expr:
    """The same, for those who only look: a flow's query is asked about several times before it runs."""
    return parse(query)


def table_references(tree: exp.Expr) -> list[exp.Table]:
    """Tables and relations that the query names, not its own CTEs, and not functions."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.db or (table.name and table.name not in own)]


def lake_table(table: exp.Table) -> TableName | None:
    """The table of the lake that the node names; None for anything else."""
    if table.db.lower() not in _LAYERS or table.catalog:
        return None
    return TableName(Layer(table.db.lower()), table.name.lower())
