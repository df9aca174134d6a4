"""Lists, tuples and what makes rows of them."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.building import Rule, Types, call, spark


def _any_value(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("any_value", node.this, exp.true())


def _distinct(node: exp.Expr, _types: Types) -> exp.Expr:
    """A tuple counts as one value; Spark leaves out those with a NULL in them."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Tuple):
        return exp.Distinct(expressions=[call("struct", *node.expressions[0].expressions)])
    return node


def _in(node: exp.Expr, _types: Types) -> exp.Expr:
    """`(a, b) IN (SELECT (x, y) …)`: two columns to Spark."""
    query = node.args.get("query")
    inner = query.this if isinstance(query, exp.Subquery) else query
    if isinstance(inner, exp.Select) and len(inner.expressions) == 1:
        only = inner.expressions[0].unalias()
        if isinstance(only, exp.Tuple | exp.Paren) and isinstance(node.this, exp.Tuple):
            inner.set("expressions", [one.copy() for one in only.expressions])
    return node


def _arg(name: str) -> Rule:
    """The value beside the greatest or least one; a missing value is passed over."""
    return lambda node, _types: call(
        name, node.this, exp.Case().when(spark("{0} IS NOT NULL", node.this), node.expression.copy())
    )


def _window(node: exp.Expr, _types: Types) -> exp.Expr:
    """Spark numbers rows in an order only."""
    if isinstance(node.this, exp.RowNumber) and not node.args.get("order"):
        node.set("order", exp.Order(expressions=[exp.Ordered(this=exp.Null(), nulls_first=True)]))
    return node


RULES: Mapping[type[exp.Expr] | str, Rule] = {
    exp.AnyValue: _any_value,
    exp.Distinct: _distinct,
    exp.In: _in,
    exp.ArgMax: _arg("max_by"),
    exp.ArgMin: _arg("min_by"),
    exp.Window: _window,
}
