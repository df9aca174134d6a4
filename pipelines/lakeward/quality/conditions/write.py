"""A condition's tree as SQL, with the nulls of the language it was written in."""

from typing import Any

from lakeward.quality.conditions.read import Reading
from lakeward.quality.conditions.tree import All, Compare, Condition, Member, Named, Not, Null, Some
from lakeward.quality.convert import NUMBERS, Converted
from lakeward.quality.scope import Scope, comparable

SQL = {"==": "=", "!=": "<>"}


def write(reading: Reading, scope: Scope) -> str:
    """SQL that is true on the rows of the domain, and false or NULL on all others.

    Raises:
        ValueError: A value can't be compared with its column; the text says what was expected.
    """
    return _Writer(scope, two_valued=reading.two_valued).condition(reading.condition)


class _Writer:
    def __init__(self, scope: Scope, *, two_valued: bool) -> None:
        self._scope, self._two_valued = scope, two_valued

    def condition(self, given: Condition) -> str:
        if isinstance(given, All):
            return "(" + (" AND ".join(self.condition(part) for part in given.parts) or "TRUE") + ")"
        if isinstance(given, Some):
            return "(" + (" OR ".join(self.condition(part) for part in given.parts) or "FALSE") + ")"
        if isinstance(given, Not):
            return f"(NOT {self.condition(given.part)})"
        if isinstance(given, Null):
            return f"({self._scope.columns[given.column].value} IS {'' if given.wanted else 'NOT '}NULL)"
        return self._member(given) if isinstance(given, Member) else self._compare(given)

    def _compare(self, given: Compare) -> str:
        column = self._scope.columns[given.column]
        right = self._right(given.other, column)
        if given.operator == "!=" and self._two_valued:
            return f"({column.value} IS DISTINCT FROM {right})"
        return self._settled(f"{column.value} {SQL.get(given.operator, given.operator)} {right}", missing="FALSE")

    def _right(self, other: Any, column: Converted) -> str:
        if not isinstance(other, Named):
            return self._value(other, column)
        right = self._scope.columns[other.name]
        if not comparable([column, right]):
            raise ValueError("two columns of one type")
        return right.value

    def _value(self, value: Any, column: Converted) -> str:
        # SQL reads a number in quotes as a number where it stands beside one.
        quoted = not self._two_valued and isinstance(value, str) and column.column.type.kind in NUMBERS
        return self._scope.literal(float(value) if quoted else value, column)

    def _member(self, given: Member) -> str:
        column = self._scope.columns[given.column]
        if not given.values:
            return "FALSE" if given.wanted else "TRUE"
        listed = ", ".join(self._value(value, column) for value in given.values)
        operator, missing = ("IN", "FALSE") if given.wanted else ("NOT IN", "TRUE")
        return self._settled(f"{column.value} {operator} ({listed})", missing=missing)

    def _settled(self, holds: str, missing: str) -> str:
        return f"coalesce({holds}, {missing})" if self._two_valued else f"({holds})"
