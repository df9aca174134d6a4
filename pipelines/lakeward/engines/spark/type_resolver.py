"""Resolves expression types by binding the query in DuckDB over empty relations with the same columns.

An expression that can't be bound has an unknown type and is translated as the common case.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import duckdb
from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.core.names import TableName
from lakeward.core.sql import identifier
from lakeward.engines.connections import connect
from lakeward.engines.spark.queries import to_duckdb

# The unknown type, which is no type name.
UNKNOWN = ""
_CLAUSES = ("from_", "joins", "laterals", "pivots")


class TypeResolver:
    """Empty relations under the names used in queries."""

    def __init__(self) -> None:
        self._con = connect()
        self._numbers = itertools.count()

    def close(self) -> None:
        """Drop all relations."""
        self._con.close()

    def add_table(self, name: TableName, columns: Mapping[str, str]) -> None:
        """Add a table of the lake, with DuckDB's types of its columns."""
        self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.layer)}")
        self._con.execute(
            f"CREATE OR REPLACE VIEW {identifier(name.layer)}.{identifier(name.name)} AS {_empty_relation(columns)}"
        )

    def add_relation(self, name: str, columns: Mapping[str, str]) -> None:
        """Add a relation of the session."""
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {_empty_relation(columns)}")

    def add_view(self, query: exp.Expr) -> str | None:
        """Add a view of the query and return its name, so that outer queries bind faster; None if it can't be bound alone."""
        name = f"__inner_{next(self._numbers)}"
        try:
            self._con.execute(f"CREATE TEMP VIEW {name} AS {to_duckdb(query)}")
        except duckdb.Error:
            return None
        return name

    def column_types(self, query: str) -> dict[str, str]:
        """DuckDB's types of the query's columns.

        Raises:
            DefinitionError: It can't be bound (`query_not_understood`).
        """
        try:
            rows = self._con.sql(query)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise DefinitionError("query_not_understood", reason=str(error).partition("\n")[0][:200]) from None
        return {name: str(type_) for name, type_ in zip(rows.columns, rows.types, strict=True)}

    def star_columns(self, select: exp.Expr) -> list[str]:
        """Names of the columns of `*` in `select`.

        Raises:
            DefinitionError: Its FROM can't be bound (`query_not_understood`).
        """
        head, tail = _surrounding_sql(select)
        return list(self.column_types(f"{head} SELECT * {tail}"))

    def expression_types(self, select: exp.Expr, expressions: Sequence[exp.Expr]) -> list[str]:
        """The type of each expression in `select`."""
        plain = [expression for expression in expressions if not expression.find(exp.AggFunc)]
        found = dict(zip(map(id, plain), self._types_in_one_query(select, plain), strict=True))
        rest = [expression for expression in expressions if id(expression) not in found]
        found |= dict(zip(map(id, rest), self._types_in_one_query(select, rest), strict=True))
        return [found[id(expression)] for expression in expressions]

    def _types_in_one_query(self, select: exp.Expr, expressions: Sequence[exp.Expr]) -> list[str]:
        """All in one query, or one by one if one of them fails."""
        if not expressions:
            return []
        head, tail = _surrounding_sql(select)
        texts = [to_duckdb(expression) for expression in expressions]
        found = self._bind_types(head, texts, tail)
        if found is not None or len(expressions) == 1:
            return found or self._type_with_group_by(select, head, texts[0], tail)
        return [(self._bind_types(head, [text], tail) or self._type_with_group_by(select, head, text, tail))[0] for text in texts]

    def _type_with_group_by(self, select: exp.Expr, head: str, text: str, tail: str) -> list[str]:
        group = select.args.get("group")
        return (self._bind_types(head, [text], f"{tail} {to_duckdb(group)}") if group else None) or [UNKNOWN]

    def _bind_types(self, head: str, texts: Iterable[str], tail: str) -> list[str] | None:
        items = ", ".join(f"{text} AS p{place}" for place, text in enumerate(texts))
        try:
            return [str(type_) for type_ in self._con.sql(f"{head} SELECT {items} {tail}").types]
        except duckdb.Error:
            return None


def _empty_relation(columns: Mapping[str, str]) -> str:
    return f"SELECT {', '.join(f'CAST(NULL AS {type_}) AS {identifier(name)}' for name, type_ in columns.items())} WHERE FALSE"


def _surrounding_sql(select: exp.Expr) -> tuple[str, str]:
    """The CTEs and the FROM clause of the select."""
    withs: list[exp.Expr] = []
    node: exp.Expr | None = select
    while node is not None:
        if found := node.args.get("with_"):
            withs.insert(0, found)
        node = node.parent
    ctes = ", ".join(to_duckdb(cte) for found in withs for cte in found.expressions)
    parts = [select.args[clause] for clause in _CLAUSES if select.args.get(clause)]
    flat = [clause_node for part in parts for clause_node in (part if isinstance(part, list) else [part])]
    return (f"WITH {ctes}" if ctes else ""), " ".join(to_duckdb(clause_node) for clause_node in flat)
