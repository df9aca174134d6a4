"""Conditions written for `DataFrame.query`: comparisons, `in`, `and or not` (or `& | ~`), `isnull()` and `notnull()`; no more.

pandas reads `&` and `|` as `and` and `or`, and a name in backticks as one column; everything else is Python's own grammar.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Any

from lakeward.quality.conditions.tree import (
    TURNED,
    All,
    Compare,
    Condition,
    Member,
    Named,
    Not,
    Null,
    Some,
    UntranslatableError,
)

OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
NULLS = {"isnull": True, "isna": True, "notnull": False, "notna": False}
QUOTED = re.compile(r"`([^`]+)`")
WORDS = {"&": "and", "|": "or"}


def from_pandas(text: str) -> Condition:
    """The tree of `text`.

    Raises:
        UntranslatableError: It says more than this reads.
    """
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        names[key := f"_q{len(names)}"] = found[1]
        return key

    try:
        plain = _words(QUOTED.sub(named, text.strip()))
        return _Reader(names).condition(ast.parse(plain, mode="eval").body)
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError):
        raise UntranslatableError from None


def _words(text: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tokenize.untokenize(
        (tokenize.NAME, WORDS[token.string]) if token.string in WORDS else (token.type, token.string) for token in tokens
    )


class _Reader:
    """Reads nodes of Python's syntax, knowing what stands for the names in backticks."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def condition(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = tuple(self.condition(value) for value in node.values)
            return All(parts) if isinstance(node.op, ast.And) else Some(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return Not(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            parts = tuple(self._links(node))
            return parts[0] if len(parts) == 1 else All(parts)
        return self._null(node)

    def _null(self, node: ast.expr) -> Condition:
        method = node.func if isinstance(node, ast.Call) and not node.args and not node.keywords else None
        if not isinstance(method, ast.Attribute) or method.attr not in NULLS:
            raise UntranslatableError
        return Null(self._named(method.value), NULLS[method.attr])

    def _links(self, node: ast.Compare) -> Iterator[Condition]:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield self._link(left, operator, right)
            left = right

    def _link(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
            values = tuple(_constant(item) for item in right.elts)
            return Member(self._named(left), values, isinstance(operator, ast.In))
        sign = OPERATORS.get(type(operator))
        if sign is None:
            raise UntranslatableError
        if isinstance(left, ast.Name):
            return Compare(
                self._named(left), sign, Named(self._named(right)) if isinstance(right, ast.Name) else _constant(right)
            )
        return Compare(self._named(right), TURNED[sign], _constant(left))

    def _named(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise UntranslatableError
        return self._names.get(node.id, node.id)


def _constant(node: ast.expr) -> Any:
    value = ast.literal_eval(node)
    if not isinstance(value, str | int | float):
        raise UntranslatableError
    return value
