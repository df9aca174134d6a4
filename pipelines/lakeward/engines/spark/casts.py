"""DuckDB's casts in Spark: parsing of numbers and times, rounding, and text of each type."""

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import (
    FLOATS,
    INSTANT,
    INTEGERS,
    OperandTypes,
    RewriteRule,
    RuleKey,
    duckdb_type,
    is_decimal,
    is_list,
    is_text,
    spark_call,
    spark_expression,
    spark_type_name,
)

# Java uses exponents from 1.0E7 and below 1E-3; DuckDB (like Python) from 1e+16 and below 1e-4.
_PLAIN = "abs({0}) >= 1E7 AND abs({0}) < 1E16 OR abs({0}) >= 1E-4 AND abs({0}) < 1E-3"
# Enough digits on both sides for each double in between.
_EXACT = "CAST(CAST({0} AS STRING) AS DECIMAL(38, 21))"
_DOUBLE_TEXT = (
    "CASE WHEN isnan({0}) THEN 'nan' WHEN {0} = CAST('Infinity' AS DOUBLE) THEN 'inf' WHEN {0} = CAST('-Infinity' AS DOUBLE) THEN '-inf' "
    f"WHEN {_PLAIN} THEN regexp_replace(regexp_replace(CAST({_EXACT} AS STRING), '0+$', ''), '[.]$', '.0') "
    "WHEN contains(CAST({0} AS STRING), 'E') THEN regexp_replace(regexp_replace(regexp_replace(regexp_replace("
    "CAST({0} AS STRING), '[.]0E', 'E'), 'E(-?)([0-9])$', 'E$10$2'), 'E-', 'e-'), 'E', 'e+') "
    "ELSE CAST({0} AS STRING) END"
)
# 24:00 is the start of the next day; Java has no hour 24.
_ENDS_DAY = "[T ]24:00(:00([.]0+)?)?$"


def cast_rule(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`CAST` and `TRY_CAST`, by source and target type."""
    operand, target, found = node.this, duckdb_type(node.args["to"]), types[1]
    if target.startswith("ENUM"):
        return exp.cast(operand, "TEXT")
    if isinstance(operand, exp.Literal):
        found = "VARCHAR" if operand.is_string else target
        # A zone's rules have thousands of these: a literal that is not 24:00 is passed unchanged.
        if target not in INTEGERS and not re.search(_ENDS_DAY, operand.name):
            return node
    if rule := _cast_rule(target, found):
        return rule(operand, node)
    return node


def _cast_rule(target: str, source: str) -> Callable[[exp.Expr, exp.Expr], exp.Expr] | None:
    if target == "VARCHAR":
        return _TO_TEXT.get(source)
    if target in INTEGERS:
        return _to_integer(source)
    if not is_text(source):
        return None
    return _from_json if is_list(target) else _FROM_TEXT.get(target)


def _to_integer(source: str) -> Callable[[exp.Expr, exp.Expr], exp.Expr] | None:
    if source in FLOATS:
        return lambda given, node: _with_operand(node, spark_call("rint", given))
    if is_decimal(source):
        return lambda given, node: _with_operand(node, spark_call("round", given, 0))
    return _text_to_integer if is_text(source) else None


def _text_to_integer(operand: exp.Expr, node: exp.Expr) -> exp.Expr:
    """`12.00` and `1e3` are integers in DuckDB; the fast path reads only digits."""
    type_, cast_ = spark_type_name(duckdb_type(node.args["to"])), "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"
    slow = f"{cast_}(round({cast_}({{0}} AS DECIMAL(38, 18)), 0) AS {type_})"
    return spark_expression(
        f"CASE WHEN {{0}} RLIKE '^[+-]?[0-9]{{{{1,18}}}}$' THEN {cast_}({{0}} AS {type_}) ELSE {slow} END", operand
    )


def _with_operand(node: exp.Expr, operand: exp.Expr) -> exp.Expr:
    copy = node.copy()
    copy.set("this", operand)
    return copy


def _text_to_double(operand: exp.Expr, node: exp.Expr) -> exp.Expr:
    """Java parses `1d` and `1f` as numbers."""
    return spark_expression(
        "CASE WHEN NOT upper(right(trim({0}), 1)) IN ('D', 'F') OR lower(right(trim({0}), 3)) = 'inf' THEN {1} END", operand, node
    )


def _text_to_naive(operand: exp.Expr, node: exp.Expr) -> exp.Expr:
    day = spark_expression("TRY_CAST(left({0}, 10) AS TIMESTAMP_NTZ) + INTERVAL '1' DAY", operand)
    return exp.Case().when(spark_call("rlike", operand, _ENDS_DAY), day).else_(node)


def _from_json(operand: exp.Expr, node: exp.Expr) -> exp.Expr:
    """The text of a list, such as JSON."""
    return spark_call("from_json", operand, spark_type_name(duckdb_type(node.args["to"])))


_TO_TEXT: Mapping[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "DOUBLE": lambda given, _: spark_expression(_DOUBLE_TEXT, given),
    INSTANT: lambda given, _: spark_expression("CAST({0} AS STRING) || '+00'", given),
    "BLOB": lambda given, _: spark_expression("regexp_replace(hex({0}), '(..)', '\\\\\\\\x$1')", given),
}
_FROM_TEXT: Mapping[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    **dict.fromkeys(FLOATS, _text_to_double),
    "TIMESTAMP": _text_to_naive,
}


def _values_rule(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`VALUES`: DuckDB infers the type of each column, Spark needs it stated."""
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    for row in rows:
        for item, type_ in zip(row, types, strict=False):
            if spark_type_name(type_):
                item.replace(spark_expression(f"CAST({{0}} AS {spark_type_name(type_)})", item))
    return node


RULES: Mapping[RuleKey, RewriteRule] = {exp.Cast: cast_rule, exp.TryCast: cast_rule, exp.Values: _values_rule}
