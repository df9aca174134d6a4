"""Traces columns through the scopes of a resolved query to the tables. Each scope is traced once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, find_all_in_scope

from lakeward_lineage.errors import LineageError
from lakeward_lineage.kinds import compose, kind_of
from lakeward_lineage.model import Origin, TransformationKind

_T = TypeVar("_T")
Origins = frozenset[Origin]
Columns = tuple[tuple[str, Origins], ...]

_NONE: Origins = frozenset()

# Effect of each clause of a SELECT on the rows of its result.
_CLAUSES = {
    "where": TransformationKind.FILTER,
    "having": TransformationKind.FILTER,
    "qualify": TransformationKind.FILTER,
    "group": TransformationKind.GROUP_BY,
    "distinct": TransformationKind.GROUP_BY,
    "order": TransformationKind.SORT,
    "limit": TransformationKind.FILTER,
    "offset": TransformationKind.FILTER,
    "windows": TransformationKind.WINDOW,
}


@dataclass(frozen=True, slots=True)
class TracedScope:
    """A scope's columns in order, names in lower case, and the origins that decide its rows."""

    columns: Columns
    rows: Origins

    def column(self, name: str) -> Origins | None:
        """The origins of the first column of that name."""
        return next((origins for column, origins in self.columns if column == name), None)


class Tracer:
    """Traces columns over tables with known columns.

    Args:
        schema: Columns of each table, such as `silver.press_line`.
    """

    def __init__(self, schema: Mapping[str, Mapping[str, str]]) -> None:
        self._tables = {table.lower(): (table, {column.lower(): column for column in schema[table]}) for table in schema}
        self._traced: dict[int, TracedScope] = {}
        self._outputs: dict[int, Columns] = {}
        self._seen: set[int] = set()

    def trace(self, scope: Scope) -> TracedScope:
        """The origins of the columns of the scope.

        Raises:
            LineageError: A construct is not supported, or output columns of a set operation do not match.
        """
        if id(scope) not in self._traced:
            self._traced[id(scope)] = self._trace_expression(scope)
            self._reject_unseen(scope)
        return self._traced[id(scope)]

    def _trace_expression(self, scope: Scope) -> TracedScope:
        match scope.expression:
            case exp.Select():
                return self._trace_select(scope, scope.expression)
            case exp.SetOperation():
                return self._trace_set_operation(scope, scope.expression)
            case exp.Subquery():
                return self._trace_subquery(scope)
            case exp.UDTF():
                return self._trace_table_function(scope, scope.expression)
        raise LineageError("not_followed", construct=scope.expression.key.upper())

    def _reject_unseen(self, scope: Scope) -> None:
        columns = {id(column) for column in find_all_in_scope(scope.expression, exp.Column)}
        if columns - self._seen or any(id(inner) not in self._traced for inner in scope.subquery_scopes):
            raise LineageError("not_followed", construct="a column or subquery in an unknown place")

    def _trace_select(self, scope: Scope, select: exp.Select) -> TracedScope:
        columns = tuple((projection.alias_or_name, self._origins(projection, scope)) for projection in select.selects)
        self._outputs[id(scope)] = columns
        return TracedScope(
            columns,
            self._source_row_origins(scope)
            | self._join_origins(scope)
            | self._clause_origins(scope)
            | _origins_by_output(select, columns),
        )

    def _trace_set_operation(self, scope: Scope, operation: exp.SetOperation) -> TracedScope:
        left, right = (self.trace(branch) for branch in scope.set_operation_scopes)
        rows = left.rows | right.rows
        if isinstance(operation, exp.Union):
            columns = _union_by_name(left, right) if operation.args.get("by_name") else _union_by_position(left, right)
            compared = _all_origins(columns) if operation.args.get("distinct") else _NONE
        else:
            columns, compared = left.columns, _NONE
            rows |= _with_kind(TransformationKind.FILTER, _all_origins(left.columns) | _all_origins(right.columns))
        self._outputs[id(scope)] = columns
        return TracedScope(columns, rows | _with_kind(TransformationKind.GROUP_BY, compared) | self._clause_origins(scope))

    def _trace_subquery(self, scope: Scope) -> TracedScope:
        inner = [*scope.derived_table_scopes, *scope.subquery_scopes]
        if len(inner) != 1:
            raise LineageError("not_followed", construct="a nested query without SELECT")
        traced = self.trace(inner[0])
        self._outputs[id(scope)] = traced.columns
        return TracedScope(traced.columns, traced.rows | self._clause_origins(scope))

    def _trace_table_function(self, scope: Scope, function: exp.UDTF) -> TracedScope:
        if isinstance(function, exp.Lateral) and scope.subquery_scopes:
            return _rename_columns(self.trace(scope.subquery_scopes[0]), function.alias_column_names)
        origins = _with_kind(TransformationKind.TRANSFORMATION, self._origins(function, scope))
        columns = tuple((name.lower(), origins) for name in function.alias_column_names)
        return TracedScope(columns, _with_kind(TransformationKind.JOIN, origins))

    def _origins(self, root: exp.Expr, scope: Scope) -> Origins:
        """All origins in `root`, each with the effect of `root`."""
        found: set[Origin] = set()
        for column in find_all_in_scope(root, exp.Column):
            self._seen.add(id(column))
            found |= _with_kind(kind_of(column, root), self._column(column, scope))
        for inner in self._subqueries(root, scope):
            traced = self.trace(inner)
            found |= _with_kind(kind_of(inner.expression, root), _all_origins(traced.columns)) | traced.rows
        return frozenset(found)

    def _subqueries(self, root: exp.Expr, scope: Scope) -> Iterator[Scope]:
        scopes = {id(inner.expression): inner for inner in scope.subquery_scopes}
        for query in find_all_in_scope(root, *exp.UNWRAPPED_QUERIES):
            if id(query) not in scopes:
                raise LineageError("not_followed", construct="a subquery in this place")
            yield scopes[id(query)]

    def _column(self, column: exp.Column, scope: Scope) -> Origins:
        if not column.table:
            return _require(self._own_output(column.name, scope), column.name, "the query's own columns")
        source = _source(column.table, scope)
        if isinstance(source, Scope):
            return _require(self.trace(source).column(column.name), column.name, column.table)
        if source is None:
            raise LineageError("not_resolved", reason=column.table)
        table, columns = self._table(source)
        return frozenset({Origin(table, _require(columns.get(column.name), column.name, table), TransformationKind.IDENTITY)})

    def _own_output(self, name: str, scope: Scope) -> Origins | None:
        """ORDER BY can name outputs; elsewhere a column without a table is an error."""
        return dict(self._outputs.get(id(scope), ())).get(name)

    def _table(self, table: exp.Table) -> tuple[str, dict[str, str]]:
        if not isinstance(table.this, exp.Identifier):
            raise LineageError("not_followed", construct="a table function")
        name = ".".join(part.name for part in table.parts)
        if name.lower() not in self._tables:
            raise LineageError("unknown_table", table=name)
        return self._tables[name.lower()]

    def _source_row_origins(self, scope: Scope) -> Origins:
        rows = _NONE
        for name, _ in scope.references:
            source = scope.sources.get(name)
            if isinstance(source, Scope):
                rows |= self.trace(source).rows
            elif source is not None:
                self._table(source)
        return rows

    def _join_origins(self, scope: Scope) -> Origins:
        joins = [join.args["on"] for join in find_all_in_scope(scope.expression, exp.Join) if join.args.get("on")]
        return _NONE.union(*(_with_kind(TransformationKind.JOIN, self._origins(on, scope)) for on in joins))

    def _clause_origins(self, scope: Scope) -> Origins:
        acting = _NONE
        for name, kind in _CLAUSES.items():
            clause = scope.expression.args.get(name)
            nodes = clause if isinstance(clause, list) else [clause]
            acting = acting.union(*(_with_kind(kind, self._origins(node, scope)) for node in nodes if isinstance(node, exp.Expr)))
        return acting


def _source(name: str, scope: Scope) -> exp.Table | Scope | None:
    """The source called `name` in this scope, or in the outer query of a correlated one."""
    around: Scope | None = scope
    while around is not None:
        if name in around.sources:
            return around.sources[name]
        around = around.parent
    return None


def _rename_columns(traced: TracedScope, names: list[str]) -> TracedScope:
    kept = [name for name, _ in traced.columns[len(names) :]]
    return TracedScope(tuple(zip((*names, *kept), (origins for _, origins in traced.columns), strict=False)), traced.rows)


def _origins_by_output(select: exp.Select, columns: Columns) -> Origins:
    """DISTINCT compares all columns; ORDER BY ALL means all of them, GROUP BY ALL those without an aggregate."""
    distinct, order, group = (select.args.get(name) for name in ("distinct", "order", "group"))
    rows = _NONE
    if distinct and not distinct.args.get("on"):
        rows |= _with_kind(TransformationKind.GROUP_BY, _all_origins(columns))
    if order and order.find(exp.Var):
        rows |= _with_kind(TransformationKind.SORT, _all_origins(columns))
    if group and group.args.get("all"):
        keys = [column for column, item in zip(columns, select.selects, strict=True) if not item.find(exp.AggFunc)]
        rows |= _with_kind(TransformationKind.GROUP_BY, _all_origins(tuple(keys)))
    return rows


def _union_by_position(left: TracedScope, right: TracedScope) -> Columns:
    pairs = list(zip_longest(left.columns, right.columns))
    if any(left_column is None or other is None for left_column, other in pairs):
        raise LineageError("not_resolved", reason="UNION of different numbers of columns")
    return tuple((left_column[0], left_column[1] | other[1]) for left_column, other in pairs)


def _union_by_name(left: TracedScope, right: TracedScope) -> Columns:
    names = dict.fromkeys(name for name, _ in (*left.columns, *right.columns))
    return tuple((name, (left.column(name) or _NONE) | (right.column(name) or _NONE)) for name in names)


def _all_origins(columns: Columns) -> Origins:
    return _NONE.union(*(origins for _, origins in columns))


def _with_kind(kind: TransformationKind, origins: Origins) -> Origins:
    return frozenset(Origin(origin.table, origin.column, compose(kind, origin.kind)) for origin in origins)


def _require(value: _T | None, column: str, table: str) -> _T:
    if value is None:
        raise LineageError("unknown_column", column=column, table=table)
    return value
