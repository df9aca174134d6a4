"""Numbers: division, sums that must not overflow, quantiles."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.building import FLOATS, INTEGERS, Key, Rule, Types, call, is_decimal, spark

# Sums of these stay far from the end of 64 bits.
_NARROW = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"})


def _div(node: exp.Expr, _types: Types) -> exp.Expr:
    """Always of doubles; by zero infinite, or NaN where nothing is divided, where Spark raises."""
    above, below = (exp.cast(exp.paren(one.copy()), "DOUBLE", dialect="spark") for one in (node.this, node.expression))
    if isinstance(node.expression, exp.Literal) and float(node.expression.name):
        return spark("{0} / {1}", above, below)
    return spark("coalesce(try_divide({0}, {1}), {0} * CASE WHEN {1} = 0 THEN CAST('Infinity' AS DOUBLE) END)", above, below)


def _whole(node: exp.Expr, types: Types) -> exp.Expr:
    """`//`: of integers without the rest, of others plain; by zero NULL."""
    if types[1] in INTEGERS and types[2] in INTEGERS:
        return spark("{0} DIV nullif({1}, 0)", node.this, node.expression)
    return spark("CAST({0} AS DOUBLE) / nullif(CAST({1} AS DOUBLE), 0D)", node.this, node.expression)


def _mod(node: exp.Expr, _types: Types) -> exp.Expr:
    return spark("{0} % nullif({1}, 0)", node.this, node.expression)


def _sum(node: exp.Expr, types: Types) -> exp.Expr:
    """DuckDB sums 64-bit integers in 128 bits."""
    wide = types[1] in INTEGERS - _NARROW and not isinstance(node.this, exp.Distinct)
    if types[1] == "BOOLEAN":
        return spark("sum(CAST({0} AS INT))", node.this)
    return spark("sum(CAST({0} AS DECIMAL(38, 0)))", node.this) if wide else node


def _avg(node: exp.Expr, types: Types) -> exp.Expr:
    """Of decimals a double too; Spark's would be cut to a few digits."""
    return spark("avg(CAST({0} AS DOUBLE))", node.this) if is_decimal(types[1]) else node


def _isnan(node: exp.Expr, _types: Types) -> exp.Expr:
    """Not known of what is not known."""
    return spark("CASE WHEN {0} IS NOT NULL THEN isnan({0}) END", node.this)


def _whole_part(node: exp.Expr, types: Types) -> exp.Expr:
    """Of a double a double: those beyond 2^53 have no other part."""
    if types[1] not in FLOATS:
        return node
    name = "floor" if isinstance(node, exp.Floor) else "ceil"
    return spark(f"CASE WHEN abs({{0}}) < 9007199254740992D THEN CAST({name}({{0}}) AS DOUBLE) ELSE {{0}} END", node.this)


def _quantile(node: exp.Expr, _types: Types) -> exp.Expr:
    """By a straight line between two values, or the least value that so many reach."""
    kind = "percentile_cont" if isinstance(node, exp.PercentileCont) else "percentile_disc"
    if isinstance(node.parent, exp.WithinGroup):
        return call(kind, node.this)
    return exp.WithinGroup(
        this=call(kind, node.expression), expression=exp.Order(expressions=[exp.Ordered(this=node.this.copy(), nulls_first=True)])
    )


def _median(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("median", node.this)


def _finite(node: exp.Expr, types: Types) -> exp.Expr:
    given = node.expressions[0]
    if types[1] in INTEGERS or is_decimal(types[1]):
        return spark("{0} IS NOT NULL OR NULL", given)
    return spark("NOT (isnan({0}) OR abs({0}) = CAST('Infinity' AS DOUBLE))", given)


RULES: Mapping[Key, Rule] = {
    exp.Div: _div,
    exp.IntDiv: _whole,
    exp.Mod: _mod,
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.PercentileCont: _quantile,
    exp.PercentileDisc: _quantile,
    exp.Median: _median,
    exp.IsNan: _isnan,
    exp.Floor: _whole_part,
    exp.Ceil: _whole_part,
    exp.Sign: lambda node, _: spark("CAST(sign({0}) AS TINYINT)", node.this),
    "isfinite": _finite,
}
TYPED: frozenset[Key] = frozenset({exp.IntDiv, exp.Sum, exp.Avg, exp.Floor, exp.Ceil, "isfinite"})
