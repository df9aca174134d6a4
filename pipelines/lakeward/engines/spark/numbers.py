"""Numbers: division, sums that must not overflow, quantiles."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import (
    FLOATS,
    INTEGERS,
    OperandTypes,
    RewriteRule,
    RuleKey,
    is_decimal,
    spark_call,
    spark_expression,
)

# Types whose sums stay within 64 bits.
_NARROW = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"})


def _division(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`/`: always of doubles; division by zero gives infinity or NaN, while Spark raises."""
    above, below = (exp.cast(exp.paren(operand.copy()), "DOUBLE", dialect="spark") for operand in (node.this, node.expression))
    if isinstance(node.expression, exp.Literal) and float(node.expression.name):
        return spark_expression("{0} / {1}", above, below)
    return spark_expression(
        "coalesce(try_divide({0}, {1}), {0} * CASE WHEN {1} = 0 THEN CAST('Infinity' AS DOUBLE) END)", above, below
    )


def _integer_division(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`//`: integer division for integers, plain division for others; by zero NULL."""
    if types[1] in INTEGERS and types[2] in INTEGERS:
        return spark_expression("{0} DIV nullif({1}, 0)", node.this, node.expression)
    return spark_expression("CAST({0} AS DOUBLE) / nullif(CAST({1} AS DOUBLE), 0D)", node.this, node.expression)


def _modulo(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_expression("{0} % nullif({1}, 0)", node.this, node.expression)


def _wide_sum(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """DuckDB sums 64-bit integers in 128 bits."""
    wide = types[1] in INTEGERS - _NARROW and not isinstance(node.this, exp.Distinct)
    if types[1] == "BOOLEAN":
        return spark_expression("sum(CAST({0} AS INT))", node.this)
    return spark_expression("sum(CAST({0} AS DECIMAL(38, 0)))", node.this) if wide else node


def _exact_average(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`avg`: a double also for decimals; Spark's result has few digits."""
    return spark_expression("avg(CAST({0} AS DOUBLE))", node.this) if is_decimal(types[1]) else node


def _isnan(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`isnan`: NULL for NULL."""
    return spark_expression("CASE WHEN {0} IS NOT NULL THEN isnan({0}) END", node.this)


def _floor_or_ceiling(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`floor` and `ceil`: a double for a double, since Spark returns an integer."""
    if types[1] not in FLOATS:
        return node
    name = "floor" if isinstance(node, exp.Floor) else "ceil"
    return spark_expression(
        f"CASE WHEN abs({{0}}) < 9007199254740992D THEN CAST({name}({{0}}) AS DOUBLE) ELSE {{0}} END", node.this
    )


def _quantile(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """Quantiles: interpolated between two values, or the least value at that rank."""
    kind = "percentile_cont" if isinstance(node, exp.PercentileCont) else "percentile_disc"
    if isinstance(node.parent, exp.WithinGroup):
        return spark_call(kind, node.this)
    return exp.WithinGroup(
        this=spark_call(kind, node.expression),
        expression=exp.Order(expressions=[exp.Ordered(this=node.this.copy(), nulls_first=True)]),
    )


def _median(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("median", node.this)


def _is_finite(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    operand = node.expressions[0]
    if types[1] in INTEGERS or is_decimal(types[1]):
        return spark_expression("{0} IS NOT NULL OR NULL", operand)
    return spark_expression("NOT (isnan({0}) OR abs({0}) = CAST('Infinity' AS DOUBLE))", operand)


RULES: Mapping[RuleKey, RewriteRule] = {
    exp.Div: _division,
    exp.IntDiv: _integer_division,
    exp.Mod: _modulo,
    exp.Sum: _wide_sum,
    exp.Avg: _exact_average,
    exp.PercentileCont: _quantile,
    exp.PercentileDisc: _quantile,
    exp.Median: _median,
    exp.IsNan: _isnan,
    exp.Floor: _floor_or_ceiling,
    exp.Ceil: _floor_or_ceiling,
    exp.Sign: lambda node, _: spark_expression("CAST(sign({0}) AS TINYINT)", node.this),
    "isfinite": _is_finite,
}
TYPE_DEPENDENT: frozenset[RuleKey] = frozenset({exp.IntDiv, exp.Sum, exp.Avg, exp.Floor, exp.Ceil, "isfinite"})
