"""DuckDB's casts in Spark: which texts are numbers or times, how numbers round, how each type is written as text."""

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from lakeward.engines.spark.building import (
    FLOATS,
    INSTANT,
    INTEGERS,
    Key,
    Rule,
    Types,
    call,
    duck_type,
    is_decimal,
    is_list,
    is_text,
    spark,
    spark_name,
)

# Java writes 1.0E7 from there on and below 1E-3; DuckDB (as Python) 1e+16 from there on and below 1e-4.
_PLAIN = "abs({0}) >= 1E7 AND abs({0}) < 1E16 OR abs({0}) >= 1E-4 AND abs({0}) < 1E-3"
# Enough digits on both sides for each double among those.
_EXACT = "CAST(CAST({0} AS STRING) AS DECIMAL(38, 21))"
_DOUBLE_TEXT = (
    "CASE WHEN isnan({0}) THEN 'nan' WHEN {0} = CAST('Infinity' AS DOUBLE) THEN 'inf' WHEN {0} = CAST('-Infinity' AS DOUBLE) THEN '-inf' "
    f"WHEN {_PLAIN} THEN regexp_replace(regexp_replace(CAST({_EXACT} AS STRING), '0+$', ''), '[.]$', '.0') "
    "WHEN contains(CAST({0} AS STRING), 'E') THEN regexp_replace(regexp_replace(regexp_replace(regexp_replace("
    "CAST({0} AS STRING), '[.]0E', 'E'), 'E(-?)([0-9])$', 'E$10$2'), 'E-', 'e-'), 'E', 'e+') "
    "ELSE CAST({0} AS STRING) END"
)
# Midnight at a day's end is the next day's beginning; Java knows no hour 24.
_ENDS_DAY = "[T ]24:00(:00([.]0+)?)?$"


def cast(node: exp.Expr, types: Types) -> exp.Expr:
    """`CAST` and `TRY_CAST`, by what is cast and to what."""
    given, wanted, found = node.this, duck_type(node.args["to"]), types[1]
    if wanted.startswith("ENUM"):
        return exp.cast(given, "TEXT")
    if isinstance(given, exp.Literal):
        found = "VARCHAR" if given.is_string else wanted
        # Thousands of them in the rules of one zone: what is no end of a day is told as it stands.
        if wanted not in INTEGERS and not re.search(_ENDS_DAY, given.name):
            return node
    if rule := _rule(wanted, found):
        return rule(given, node)
    return node


def _rule(wanted: str, found: str) -> Callable[[exp.Expr, exp.Expr], exp.Expr] | None:
    if wanted == "VARCHAR":
        return _TO_TEXT.get(found)
    if wanted in INTEGERS:
        return _to_integer(found)
    if not is_text(found):
        return None
    return _from_json if is_list(wanted) else _FROM_TEXT.get(wanted)


def _to_integer(found: str) -> Callable[[exp.Expr, exp.Expr], exp.Expr] | None:
    if found in FLOATS:
        return lambda given, node: _recast(node, call("rint", given))
    if is_decimal(found):
        return lambda given, node: _recast(node, call("round", given, 0))
    return _text_to_integer if is_text(found) else None


def _text_to_integer(given: exp.Expr, node: exp.Expr) -> exp.Expr:
    """`12.00` and `1e3` are integers to DuckDB; the quick way reads digits alone."""
    type_, cast_ = spark_name(duck_type(node.args["to"])), "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"
    slow = f"{cast_}(round({cast_}({{0}} AS DECIMAL(38, 18)), 0) AS {type_})"
    return spark(f"CASE WHEN {{0}} RLIKE '^[+-]?[0-9]{{{{1,18}}}}$' THEN {cast_}({{0}} AS {type_}) ELSE {slow} END", given)


def _recast(node: exp.Expr, given: exp.Expr) -> exp.Expr:
    copy = node.copy()
    copy.set("this", given)
    return copy


def _text_to_double(given: exp.Expr, node: exp.Expr) -> exp.Expr:
    """Java takes `1d` and `1f` for numbers."""
    return spark(
        "CASE WHEN NOT upper(right(trim({0}), 1)) IN ('D', 'F') OR lower(right(trim({0}), 3)) = 'inf' THEN {1} END", given, node
    )


def _text_to_naive(given: exp.Expr, node: exp.Expr) -> exp.Expr:
    day = spark("TRY_CAST(left({0}, 10) AS TIMESTAMP_NTZ) + INTERVAL '1' DAY", given)
    return exp.Case().when(call("rlike", given, _ENDS_DAY), day).else_(node)


def _from_json(given: exp.Expr, node: exp.Expr) -> exp.Expr:
    """The text of a list, which JSON's is one of."""
    return call("from_json", given, spark_name(duck_type(node.args["to"])))


_TO_TEXT: Mapping[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "DOUBLE": lambda given, _: spark(_DOUBLE_TEXT, given),
    INSTANT: lambda given, _: spark("CAST({0} AS STRING) || '+00'", given),
    "BLOB": lambda given, _: spark("regexp_replace(hex({0}), '(..)', '\\\\\\\\x$1')", given),
}
_FROM_TEXT: Mapping[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    **dict.fromkeys(FLOATS, _text_to_double),
    "TIMESTAMP": _text_to_naive,
}


def _values(node: exp.Expr, types: Types) -> exp.Expr:
    """Rows that are written out: DuckDB finds the type of each column, Spark wants it said."""
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    for row in rows:
        for item, type_ in zip(row, types, strict=False):
            if spark_name(type_):
                item.replace(spark(f"CAST({{0}} AS {spark_name(type_)})", item))
    return node


RULES: Mapping[Key, Rule] = {exp.Cast: cast, exp.TryCast: cast, exp.Values: _values}
