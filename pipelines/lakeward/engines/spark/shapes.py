"""What type each part of a query has, told by DuckDB itself over empty relations of the same shape: the queries are its dialect's.

Refuses to guess: an expression that can't be bound by itself has no known type, and is told to Spark as if it had the usual one.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import duckdb
from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.core.names import TableName
from lakeward.core.sql import identifier
from lakeward.engines.spark.queries import written

# What is not known; no name of a type.
UNKNOWN = ""
_CLAUSES = ("from_", "joins", "laterals", "pivots")


class Shapes:
    """Relations without rows, under the names that queries have for them."""

    def __init__(self) -> None:
        self._con = duckdb.connect()
        self._con.execute("SET TimeZone = 'UTC'")
        self._numbers = itertools.count()

    def close(self) -> None:
        """Forget all of it."""
        self._con.close()

    def table(self, name: TableName, columns: Mapping[str, str]) -> None:
        """A table of the lake, with DuckDB's types of its columns."""
        self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.layer)}")
        self._con.execute(f"CREATE OR REPLACE VIEW {identifier(name.layer)}.{identifier(name.name)} AS {_empty(columns)}")

    def relation(self, name: str, columns: Mapping[str, str]) -> None:
        """A relation of the session."""
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {_empty(columns)}")

    def view(self, query: exp.Expr) -> str | None:
        """A name for the query, so that what is around it need not be bound with it again; None where it can't stand alone."""
        name = f"__inner_{next(self._numbers)}"
        try:
            self._con.execute(f"CREATE TEMP VIEW {name} AS {written(query)}")
        except duckdb.Error:
            return None
        return name

    def columns(self, query: str) -> dict[str, str]:
        """DuckDB's types of the query's columns.

        Raises:
            DefinitionError: It can't be understood (`query_not_understood`).
        """
        try:
            rows = self._con.sql(query)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise DefinitionError("query_not_understood", reason=str(error).partition("\n")[0][:200]) from None
        return {name: str(type_) for name, type_ in zip(rows.columns, rows.types, strict=True)}

    def star(self, select: exp.Expr) -> list[str]:
        """Names of the columns that `*` stands for in `select`.

        Raises:
            DefinitionError: What it reads can't be understood (`query_not_understood`).
        """
        head, tail = _around(select)
        return list(self.columns(f"{head} SELECT * {tail}"))

    def types(self, select: exp.Expr, asked: Sequence[exp.Expr]) -> list[str]:
        """The type of each expression, where it stands in `select`."""
        plain = [one for one in asked if not one.find(exp.AggFunc)]
        found = dict(zip(map(id, plain), self._together(select, plain), strict=True))
        rest = [one for one in asked if id(one) not in found]
        found |= dict(zip(map(id, rest), self._together(select, rest), strict=True))
        return [found[id(one)] for one in asked]

    def _together(self, select: exp.Expr, asked: Sequence[exp.Expr]) -> list[str]:
        """All in one query, or one by one where one of them stands in the way."""
        if not asked:
            return []
        head, tail = _around(select)
        texts = [written(one) for one in asked]
        found = self._bound(head, texts, tail)
        if found is not None or len(asked) == 1:
            return found or self._grouped(select, head, texts[0], tail)
        return [(self._bound(head, [text], tail) or self._grouped(select, head, text, tail))[0] for text in texts]

    def _grouped(self, select: exp.Expr, head: str, text: str, tail: str) -> list[str]:
        group = select.args.get("group")
        return (self._bound(head, [text], f"{tail} {written(group)}") if group else None) or [UNKNOWN]

    def _bound(self, head: str, texts: Iterable[str], tail: str) -> list[str] | None:
        items = ", ".join(f"{text} AS p{place}" for place, text in enumerate(texts))
        try:
            return [str(type_) for type_ in self._con.sql(f"{head} SELECT {items} {tail}").types]
        except duckdb.Error:
            return None


def _empty(columns: Mapping[str, str]) -> str:
    return f"SELECT {', '.join(f'CAST(NULL AS {type_}) AS {identifier(name)}' for name, type_ in columns.items())} WHERE FALSE"


def _around(select: exp.Expr) -> tuple[str, str]:
    """The CTEs that the select sees, and what it reads from."""
    withs: list[exp.Expr] = []
    node: exp.Expr | None = select
    while node is not None:
        if found := node.args.get("with_"):
            withs.insert(0, found)
        node = node.parent
    ctes = ", ".join(written(cte) for found in withs for cte in found.expressions)
    parts = [select.args[clause] for clause in _CLAUSES if select.args.get(clause)]
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return (f"WITH {ctes}" if ctes else ""), " ".join(written(one) for one in flat)
