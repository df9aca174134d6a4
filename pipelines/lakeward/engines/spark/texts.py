"""Texts: regular expressions, patterns, hashes of values, JSON."""

import re
from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey, is_list, spark_call, spark_expression
from lakeward.engines.spark.formats import java_pattern, java_replacement


def _java_pattern(node: exp.Expr, *, whole: bool = False, flags: str = "") -> exp.Expr:
    """A literal pattern translated for Java; other expressions stay unchanged."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        return node.copy()
    text = java_pattern(f"^(?:{node.name})$" if whole else node.name)
    return exp.Literal.string((f"(?{flags})" if flags else "") + text)


def _flags(node: exp.Expr | None) -> str:
    return "".join(sorted(set(node.name) & set("is"))) if node is not None else ""


def _regexp_like(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("rlike", node.this, _java_pattern(node.expression, flags=_flags(node.args.get("flag"))))


def _regexp_full_match(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("rlike", node.this, _java_pattern(node.expression, whole=True))


def _regexp_extract(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    group = node.args.get("group")
    flags = _flags(node.args.get("parameters"))
    return spark_call("regexp_extract", node.this, _java_pattern(node.expression, flags=flags), 0 if group is None else group)


def _regexp_extract_all(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    group = node.args.get("group")
    return spark_call("regexp_extract_all", node.this, _java_pattern(node.expression), 0 if group is None else group)


def _regexp_replace(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`regexp_replace`: once, or everywhere with `g`; groups are `$1` in Java."""
    new = node.args["replacement"]
    modifiers = node.args.get("modifiers")
    pattern = _java_pattern(node.expression, flags=_flags(modifiers))
    if modifiers is not None and "g" in modifiers.name:
        return spark_call("regexp_replace", node.this, pattern, java_replacement(new.name))
    return spark_call(
        "regexp_replace", node.this, f"\\A((?s:.*?))(?:{pattern.name})", "$1" + java_replacement(new.name, groups=1)
    )


def _like_pattern(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`LIKE`: a backslash is no escape in DuckDB by default."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape) or not isinstance(pattern, exp.Literal) or "\\" not in pattern.name:
        return node
    return type(node)(this=node.this.copy(), expression=exp.Literal.string(pattern.name.replace("\\", "\\\\")))


def _like_escape(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`LIKE … ESCAPE`: Spark allows escapes only of its own wildcards."""
    like, sign = node.this, node.expression.name
    tokens = re.findall(rf"{re.escape(sign)}.|.", like.expression.name, re.DOTALL)
    pattern = "".join(
        _escape_wildcard(token[-1]) if token[0] == sign and len(token) > 1 else token.replace("\\", "\\\\") for token in tokens
    )
    kind = exp.ILike if isinstance(like, exp.ILike) else exp.Like
    return kind(this=like.this.copy(), expression=exp.Literal.string(pattern))


def _escape_wildcard(letter: str) -> str:
    return "\\" + letter if letter in "%_\\" else letter


def _hash(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`hash`: Spark ignores NULLs, so `(NULL, 1)` and `(1, NULL)` would collide."""
    operands = node.expressions
    return spark_call(
        "xxhash64", *operands, *([spark_call("isnull", operand) for operand in operands] if len(operands) > 1 else [])
    )


def _split(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("split", node.this, exp.Literal.string("\\Q" + node.expression.name + "\\E"), -1)


def _length(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    return spark_call("size" if is_list(types[1]) else "length", node.this)


def _substring(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`substring`: position 0 is before the first character."""
    start, length = node.args["start"], node.args.get("length")
    if length is None or not (isinstance(start, exp.Literal) and start.name == "0"):
        return node
    return spark_expression("substr({0}, 1, {1} - 1)", node.this, length)


RULES: Mapping[RuleKey, RewriteRule] = {
    exp.RegexpLike: _regexp_like,
    exp.RegexpFullMatch: _regexp_full_match,
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpExtractAll: _regexp_extract_all,
    exp.RegexpReplace: _regexp_replace,
    exp.Like: _like_pattern,
    exp.ILike: _like_pattern,
    exp.Escape: _like_escape,
    exp.Split: _split,
    exp.Length: _length,
    exp.Substring: _substring,
    "hash": _hash,
    "strlen": lambda node, _: spark_call("octet_length", *node.expressions),
    "ord": lambda node, _: spark_call("ascii", *node.expressions),
    "prefix": lambda node, _: spark_call("startswith", *node.expressions),
    "suffix": lambda node, _: spark_call("endswith", *node.expressions),
}
TYPE_DEPENDENT: frozenset[RuleKey] = frozenset({exp.Length})
