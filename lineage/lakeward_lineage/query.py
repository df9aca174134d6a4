"""Parses SQL into scopes in which every column names its table; unsupported constructs are an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from lakeward_lineage.errors import LineageError

_UNSUPPORTED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Pivot, "PIVOT and UNPIVOT"),
    (exp.Columns, "COLUMNS(...)"),
    (exp.Placeholder, "a parameter"),
    (exp.PositionalColumn, "a column by its number"),
)


@dataclass(frozen=True, slots=True)
class ResolvedQuery:
    """A resolved query; `spelling` maps a lower-case name to its original spelling."""

    scope: Scope
    spelling: Mapping[str, str]


def parse_query(sql: str, schema: Mapping[str, Mapping[str, str]], dialect: str) -> ResolvedQuery:
    """The query's scopes.

    Raises:
        LineageError: The text is not one query, or a name in it does not resolve.
    """
    query = _parse(sql, dialect)
    _reject_unsupported(query)
    spelling = _spelling(query, schema)
    try:
        qualified = qualify(query, dialect=dialect, schema=_mapping_schema(schema, dialect), quote_identifiers=False)
        scope = build_scope(qualified)
    except SqlglotError as error:
        raise LineageError("not_resolved", reason=_first_name(str(error))) from None
    _reject_unresolved(qualified)
    if scope is None:
        raise LineageError("not_one_query", found=type(query).__name__)
    return ResolvedQuery(scope, spelling)


def _parse(sql: str, dialect: str) -> exp.Query:
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect=dialect) if statement is not None]
    except ParseError as error:
        # The parser's message quotes the text, which can contain values.
        position = error.errors[0] if error.errors else {}
        raise LineageError("not_parsed", dialect=dialect, line=position.get("line"), column=position.get("col")) from None
    except TokenError:
        raise LineageError("not_parsed", dialect=dialect, line="?", column="?") from None
    if len(statements) != 1:
        raise LineageError("not_one_query", found=f"{len(statements)} statements")
    if not isinstance(statements[0], exp.Query):
        raise LineageError("not_one_query", found=statements[0].key.upper())
    return statements[0]


def _reject_unsupported(query: exp.Query) -> None:
    for kind, construct in _UNSUPPORTED:
        if query.find(kind):
            raise LineageError("not_followed", construct=construct)
    if any(with_.recursive for with_ in query.find_all(exp.With)):
        raise LineageError("not_followed", construct="a recursive query")
    if any(join.method in ("NATURAL", "POSITIONAL") for join in query.find_all(exp.Join)):
        raise LineageError("not_followed", construct="a NATURAL or POSITIONAL join")
    for select in query.selects:
        # Engines name an unnamed expression differently, so its lineage would have the wrong column.
        if not isinstance(select, exp.Alias | exp.Column | exp.Dot | exp.Star):
            raise LineageError("output_without_name", found=select.key.upper())


def _reject_unresolved(query: exp.Expr) -> None:
    if query.find(exp.TableColumn):
        raise LineageError("not_followed", construct="a whole row as one value")
    if any(not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star)):
        raise LineageError("not_followed", construct="a star in this place")


def _mapping_schema(schema: Mapping[str, Mapping[str, str]], dialect: str) -> MappingSchema:
    parts = {len(table.split(".")) for table in schema}
    if len(parts) > 1:
        raise LineageError("mixed_names", parts=", ".join(map(str, sorted(parts))))
    nested = MappingSchema(dialect=dialect)
    for table, columns in schema.items():
        nested.add_table(
            exp.Table(**dict(zip(("this", "db", "catalog"), map(exp.to_identifier, reversed(table.split("."))), strict=False))),
            dict(columns),
            dialect=dialect,
        )
    return nested


def _spelling(query: exp.Query, schema: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    columns = [column for table in schema.values() for column in table]
    inner = [alias.alias for alias in query.find_all(exp.Alias)]
    outer = [select.alias for select in query.selects if isinstance(select, exp.Alias)]
    return {name.lower(): name for name in (*columns, *inner, *outer)}


def _first_name(message: str) -> str:
    """The first quoted name of sqlglot's message: the rest of it can quote the statement."""
    names: list[str] = re.findall(r"['\"`]([\w.\"]+)['\"`]|: ([\w.]+)", message)[:1]
    return next((part for part in names[0] if part), "?").replace('"', "") if names else "?"
