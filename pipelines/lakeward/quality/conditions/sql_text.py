"""Reads conditions in Spark SQL, and in Great Expectations' language (`col("x") > 5`)."""

import re
from collections.abc import Mapping
from typing import Any

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

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

OPERATORS: Mapping[type[exp.Expression], str] = {
    exp.EQ: "==",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
GX_CONDITION = re.compile(
    r"""\s*col\("(?P<column>[^"]+)"\)\s*(?:
        (?P<filled>\.notnull\(\)) |
        (?P<operator>[<>]=?|[=!]=)\s*(?:
            (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?) |
            (?P<date>date\()?(?P<quote>["'])(?P<text>[^"']+)(?P=quote)(?(date)\))
        )
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def from_great_expectations(text: str) -> Condition:
    """The tree of a condition in Great Expectations' own language.

    Raises:
        UntranslatableError: It is not in that language.
    """
    found = GX_CONDITION.fullmatch(text)
    if found is None:
        raise UntranslatableError
    if found["filled"]:
        return NullTest(found["column"], is_null=False)
    return Comparison(found["column"], found["operator"], _number(found["number"]) if found["number"] else found["text"])


def from_spark(text: str) -> Condition:
    """The tree of an expression of Spark's SQL.

    Raises:
        UntranslatableError: It uses other syntax.
    """
    try:
        return _condition(sqlglot.parse_one(text, read="spark"))
    except (SqlglotError, RecursionError):
        raise UntranslatableError from None


def _condition(node: Any) -> Condition:
    if isinstance(node, exp.Paren):
        return _condition(node.this)
    if isinstance(node, exp.And):
        return And((_condition(node.left), _condition(node.right)))
    if isinstance(node, exp.Or):
        return Or((_condition(node.left), _condition(node.right)))
    if isinstance(node, exp.Not):
        return Not(_condition(node.this))
    return _leaf(node)


def _leaf(node: Any) -> Condition:
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return NullTest(_column(node.this), is_null=True)
    if isinstance(node, exp.In) and not node.args.get("query"):
        return Membership(_column(node.this), tuple(_constant(item) for item in node.expressions), is_member=True)
    if isinstance(node, exp.Between):
        column = _column(node.this)
        return And(
            (Comparison(column, ">=", _constant(node.args["low"])), Comparison(column, "<=", _constant(node.args["high"])))
        )
    sign = OPERATORS.get(type(node))
    if sign is None:
        raise UntranslatableError
    left, right = node.args["this"], node.args["expression"]
    if isinstance(left, exp.Column):
        return Comparison(_column(left), sign, ColumnRef(_column(right)) if isinstance(right, exp.Column) else _constant(right))
    return Comparison(_column(right), MIRRORED_OPERATORS[sign], _constant(left))


def _column(node: Any) -> str:
    if not isinstance(node, exp.Column) or node.table:
        raise UntranslatableError
    return node.name


def _constant(node: Any) -> Any:
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        return -_constant(node.this)
    if not isinstance(node, exp.Literal):
        raise UntranslatableError
    return node.name if node.is_string else _number(node.name)


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
