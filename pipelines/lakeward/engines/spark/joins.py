"""Joins and windows that Spark lacks, expressed by other SQL."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey

_UNTIL = "__until"


def _asof_join(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`ASOF JOIN`: each row of the right side is valid until the next one of the same key."""
    if str(node.args.get("method", "")).upper() != "ASOF":
        return node
    on = node.args["on"]
    parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
    after = next(part for part in parts if isinstance(part, exp.GTE | exp.GT))
    same = [part.expression for part in parts if part is not after]
    right = node.this
    until = exp.Window(
        this=exp.Lead(this=_without_table(after.expression)),
        partition_by=[_without_table(column) for column in same],
        order=exp.Order(expressions=[exp.Ordered(this=_without_table(after.expression), nulls_first=False)]),
    )
    rows = exp.select(exp.Star(), exp.alias_(until, _UNTIL)).from_(right.copy())
    ends = exp.column(_UNTIL, right.alias)
    later = exp.GT if isinstance(after, exp.GTE) else exp.GTE
    within = exp.or_(exp.Is(this=ends.copy(), expression=exp.Null()), later(this=ends, expression=after.this.copy()))
    return exp.Join(this=rows.subquery(right.alias), side=node.args.get("side"), on=exp.and_(on.copy(), exp.paren(within)))


def _without_table(column: exp.Expr) -> exp.Expr:
    """The column without the name of its relation."""
    copy = column.copy()
    for name in copy.find_all(exp.Column):
        name.set("table", None)
    return copy


def _window_rule(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """Spark needs an order to number rows, and can't extend a named window."""
    if node.args.get("spec") and node.args.get("alias"):
        named = _window_definition(node)
        node.set("alias", None)
        node.set("partition_by", [item.copy() for item in named.args.get("partition_by") or ()])
        node.set("order", named.args["order"].copy() if named.args.get("order") else None)
    if isinstance(node.this, exp.RowNumber) and not (node.args.get("order") or node.args.get("alias")):
        node.set("order", exp.Order(expressions=[exp.Ordered(this=exp.Null(), nulls_first=True)]))
    return node


def _window_definition(node: exp.Expr) -> exp.Expr:
    """The definition of the node's named window."""
    query = node.find_ancestor(exp.Select)
    windows: list[exp.Expr] = query.args.get("windows") or [] if query else []
    return next(window for window in windows if window.name == node.args["alias"].name)


RULES: Mapping[RuleKey, RewriteRule] = {exp.Join: _asof_join, exp.Window: _window_rule}
