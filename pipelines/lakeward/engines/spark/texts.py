"""Texts: regular expressions, patterns, hashes of values, JSON."""

import re
from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.building import Key, Rule, Types, call, is_list, spark
from lakeward.engines.spark.formats import java_pattern, java_replacement


def _pattern(node: exp.Expr, *, whole: bool = False, flags: str = "") -> exp.Expr:
    """A pattern that is written out in Java's words; another one is left as it is."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        return node.copy()
    text = java_pattern(f"^(?:{node.name})$" if whole else node.name)
    return exp.Literal.string((f"(?{flags})" if flags else "") + text)


def _flags(node: exp.Expr | None) -> str:
    return "".join(sorted(set(node.name) & set("is"))) if node is not None else ""


def _matches(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("rlike", node.this, _pattern(node.expression, flags=_flags(node.args.get("flag"))))


def _full_match(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("rlike", node.this, _pattern(node.expression, whole=True))


def _extract(node: exp.Expr, _types: Types) -> exp.Expr:
    group = node.args.get("group")
    flags = _flags(node.args.get("parameters"))
    return call("regexp_extract", node.this, _pattern(node.expression, flags=flags), 0 if group is None else group)


def _extract_all(node: exp.Expr, _types: Types) -> exp.Expr:
    group = node.args.get("group")
    return call("regexp_extract_all", node.this, _pattern(node.expression), 0 if group is None else group)


def _replace(node: exp.Expr, _types: Types) -> exp.Expr:
    """Once, or with `g` everywhere; groups are `$1` to Java."""
    new = node.args["replacement"]
    modifiers = node.args.get("modifiers")
    pattern = _pattern(node.expression, flags=_flags(modifiers))
    if modifiers is not None and "g" in modifiers.name:
        return call("regexp_replace", node.this, pattern, java_replacement(new.name))
    return call("regexp_replace", node.this, f"\\A((?s:.*?))(?:{pattern.name})", "$1" + java_replacement(new.name, groups=1))


def _like(node: exp.Expr, _types: Types) -> exp.Expr:
    """A backslash escapes nothing in DuckDB unless it is said to."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape) or not isinstance(pattern, exp.Literal) or "\\" not in pattern.name:
        return node
    return type(node)(this=node.this.copy(), expression=exp.Literal.string(pattern.name.replace("\\", "\\\\")))


def _escaped(node: exp.Expr, _types: Types) -> exp.Expr:
    """What is escaped in DuckDB's pattern, by a backslash; Spark allows that of its own signs alone."""
    like, sign = node.this, node.expression.name
    pieces = re.findall(rf"{re.escape(sign)}.|.", like.expression.name, re.DOTALL)
    told = "".join(_sign(piece[-1]) if piece[0] == sign and len(piece) > 1 else piece.replace("\\", "\\\\") for piece in pieces)
    kind = exp.ILike if isinstance(like, exp.ILike) else exp.Like
    return kind(this=like.this.copy(), expression=exp.Literal.string(told))


def _sign(letter: str) -> str:
    return "\\" + letter if letter in "%_\\" else letter


def _hash(node: exp.Expr, _types: Types) -> exp.Expr:
    """Spark's passes NULLs over: `(NULL, 1)` and `(1, NULL)` would be one."""
    given = node.expressions
    return call("xxhash64", *given, *([call("isnull", one) for one in given] if len(given) > 1 else []))


def _split(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("split", node.this, exp.Literal.string("\\Q" + node.expression.name + "\\E"), -1)


def _length(node: exp.Expr, types: Types) -> exp.Expr:
    return call("size" if is_list(types[1]) else "length", node.this)


def _substring(node: exp.Expr, _types: Types) -> exp.Expr:
    """Place 0 is the one before the first."""
    start, length = node.args["start"], node.args.get("length")
    if length is None or not (isinstance(start, exp.Literal) and start.name == "0"):
        return node
    return spark("substr({0}, 1, {1} - 1)", node.this, length)


RULES: Mapping[Key, Rule] = {
    exp.RegexpLike: _matches,
    exp.RegexpFullMatch: _full_match,
    exp.RegexpExtract: _extract,
    exp.RegexpExtractAll: _extract_all,
    exp.RegexpReplace: _replace,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _escaped,
    exp.Split: _split,
    exp.Length: _length,
    exp.Substring: _substring,
    "hash": _hash,
    "strlen": lambda node, _: call("octet_length", *node.expressions),
    "ord": lambda node, _: call("ascii", *node.expressions),
    "prefix": lambda node, _: call("startswith", *node.expressions),
    "suffix": lambda node, _: call("endswith", *node.expressions),
}
TYPED: frozenset[Key] = frozenset({exp.Length})
