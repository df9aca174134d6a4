"""Reads conditions for `DataFrame.query`: comparisons, `in`, `and or not` (or `& | ~`), `isnull()` and `notnull()`.

pandas reads `&` and `|` as `and` and `or`, and a name in backticks as one column; the rest is Python's grammar.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Any

from lakeward.quality.conditions.tree import (
    MIRRORED_OPERATORS,
    And,
    ColumnRef,
    Comparison,
    Condition,
    Membership,
    Not,
    NullTest,
    Or,
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
NULL_METHODS = {"isnull": True, "isna": True, "notnull": False, "notna": False}
QUOTED = re.compile(r"`([^`]+)`")
WORD_OPERATORS = {"&": "and", "|": "or"}


def from_pandas(text: str) -> Condition:
    """The tree of `text`.

    Raises:
        UntranslatableError: It uses other syntax.
    """
    names: dict[str, str] = {}

    def replace_quoted(match: re.Match[str]) -> str:
        names[key := f"_q{len(names)}"] = match[1]
        return key

    try:
        plain = _with_word_operators(QUOTED.sub(replace_quoted, text.strip()))
        return _PandasParser(names).condition(ast.parse(plain, mode="eval").body)
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError):
        raise UntranslatableError from None


def _with_word_operators(text: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tokenize.untokenize(
        (tokenize.NAME, WORD_OPERATORS[token.string]) if token.string in WORD_OPERATORS else (token.type, token.string)
        for token in tokens
    )


class _PandasParser:
    """Translates nodes of Python's syntax, with placeholders for names in backticks."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def condition(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = tuple(self.condition(value) for value in node.values)
            return And(parts) if isinstance(node.op, ast.And) else Or(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return Not(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            parts = tuple(self._comparisons(node))
            return parts[0] if len(parts) == 1 else And(parts)
        return self._null_test(node)

    def _null_test(self, node: ast.expr) -> Condition:
        method = node.func if isinstance(node, ast.Call) and not node.args and not node.keywords else None
        if not isinstance(method, ast.Attribute) or method.attr not in NULL_METHODS:
            raise UntranslatableError
        return NullTest(self._column_name(method.value), NULL_METHODS[method.attr])

    def _comparisons(self, node: ast.Compare) -> Iterator[Condition]:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield self._comparison(left, operator, right)
            left = right

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
            values = tuple(_constant(item) for item in right.elts)
            return Membership(self._column_name(left), values, isinstance(operator, ast.In))
        sign = OPERATORS.get(type(operator))
        if sign is None:
            raise UntranslatableError
        if isinstance(left, ast.Name):
            return Comparison(
                self._column_name(left),
                sign,
                ColumnRef(self._column_name(right)) if isinstance(right, ast.Name) else _constant(right),
            )
        return Comparison(self._column_name(right), MIRRORED_OPERATORS[sign], _constant(left))

    def _column_name(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise UntranslatableError
        return self._names.get(node.id, node.id)


def _constant(node: ast.expr) -> Any:
    value = ast.literal_eval(node)
    if not isinstance(value, str | int | float):
        raise UntranslatableError
    return value
