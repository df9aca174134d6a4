"""Writes a condition as SQL, with the NULL semantics of its original language."""

from typing import Any

from lakeward.core.messages import Phrase
from lakeward.quality.conditions.parser import ParsedCondition
from lakeward.quality.conditions.tree import And, ColumnRef, Comparison, Condition, Membership, Not, NullTest, Or
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.number_texts import NUMBERS
from lakeward.quality.scope import Scope, comparable

SQL_OPERATORS = {"==": "=", "!=": "<>"}


def to_sql(parsed: ParsedCondition, scope: Scope) -> str:
    """SQL that is true on the rows of the domain, and false or NULL on others.

    Raises:
        ValueError: A value can't be compared with its column; the text is the expected form.
    """
    return _SqlWriter(scope, two_valued=parsed.two_valued).condition(parsed.condition)


class _SqlWriter:
    def __init__(self, scope: Scope, *, two_valued: bool) -> None:
        self._scope, self._two_valued = scope, two_valued

    def condition(self, node: Condition) -> str:
        if isinstance(node, And):
            return "(" + (" AND ".join(self.condition(part) for part in node.parts) or "TRUE") + ")"
        if isinstance(node, Or):
            return "(" + (" OR ".join(self.condition(part) for part in node.parts) or "FALSE") + ")"
        if isinstance(node, Not):
            return f"(NOT {self.condition(node.part)})"
        if isinstance(node, NullTest):
            return f"({self._scope.columns[node.column].value} IS {'' if node.is_null else 'NOT '}NULL)"
        return self._membership(node) if isinstance(node, Membership) else self._comparison(node)

    def _comparison(self, node: Comparison) -> str:
        column = self._scope.columns[node.column]
        right = self._right(node.other, column)
        if node.operator == "!=" and self._two_valued:
            return f"({column.value} IS DISTINCT FROM {right})"
        return self._resolve_null(f"{column.value} {SQL_OPERATORS.get(node.operator, node.operator)} {right}", missing="FALSE")

    def _right(self, other: Any, column: ConvertedColumn) -> str:
        if not isinstance(other, ColumnRef):
            return self._value(other, column)
        right = self._scope.columns[other.name]
        if not comparable([column, right]):
            raise ValueError(Phrase("phrase_one_type"))
        return right.value

    def _value(self, value: Any, column: ConvertedColumn) -> str:
        # SQL reads a quoted number as a number if the other operand is one.
        quoted = not self._two_valued and isinstance(value, str) and column.column.type.kind in NUMBERS
        return self._scope.literal(float(value) if quoted else value, column)

    def _membership(self, node: Membership) -> str:
        column = self._scope.columns[node.column]
        if not node.values:
            return "FALSE" if node.is_member else "TRUE"
        listed = ", ".join(self._value(value, column) for value in node.values)
        operator, missing = ("IN", "FALSE") if node.is_member else ("NOT IN", "TRUE")
        return self._resolve_null(f"{column.value} {operator} ({listed})", missing=missing)

    def _resolve_null(self, comparison: str, missing: str) -> str:
        return f"coalesce({comparison}, {missing})" if self._two_valued else f"({comparison})"
