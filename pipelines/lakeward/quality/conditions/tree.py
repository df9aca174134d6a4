"""Syntax tree of conditions on a row, for all languages."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column, by its name in the contract."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares a column with a value or another column; `operator` is one of `== != < <= > >=`."""

    column: str
    operator: str
    other: Any


@dataclass(frozen=True, slots=True)
class NullTest:
    """A column has no value, or (not `wanted`) has one."""

    column: str
    is_null: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A column's value is one of `values`, or (not `wanted`) none of them."""

    column: str
    values: tuple[Any, ...]
    is_member: bool


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part holds, or more."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Comparison | NullTest | Membership | And | Or | Not
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
# Operators with swapped operands.
MIRRORED_OPERATORS = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class UntranslatableError(Exception):
    """The text can't be translated and is judged by Great Expectations. Raised only inside this package."""


def columns(condition: Condition) -> tuple[str, ...]:
    """The columns that `condition` names, in its order."""
    if isinstance(condition, And | Or):
        return tuple(name for part in condition.parts for name in columns(part))
    if isinstance(condition, Not):
        return columns(condition.part)
    other = condition.other if isinstance(condition, Comparison) else None
    return (condition.column, *((other.name,) if isinstance(other, ColumnRef) else ()))
