"""The scope of a rule: columns and rows of a batch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.literals import literal
from lakeward.quality.number_texts import NUMBERS

Kwargs = Mapping[str, Any]
# Function from a relation of the batch's converted rows to SQL.
RelationSql = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a rule.

    Args:
        columns: The contract's columns, in order.
        zone: Zone of naive times in the rule's arguments.
        where: Condition of the rule's rows; None for all rows.
    """

    columns: Mapping[str, ConvertedColumn]
    zone: str | None
    where: str | None = None

    def literal(self, value: Any, column: ConvertedColumn) -> str:
        """SQL literal of `value` for a comparison with `column`."""
        return literal(value, column.column.type, self.zone)

    def literal_list(self, values: Iterable[Any], column: ConvertedColumn) -> str:
        """SQL of `values` for IN, without brackets; a missing value equals none."""
        return ", ".join(self.literal(value, column) for value in values if value is not None)

    def value(self, column: ConvertedColumn) -> str:
        """The column's value on the rule's rows, NULL on others."""
        return f"CASE WHEN {self.where} THEN {column.value} END" if self.where else column.value

    @property
    def elements(self) -> str:
        """Aggregate that counts the rule's rows."""
        return f"coalesce(count_if({self.where}), 0)" if self.where else "count(*)"

    def within(self, condition: str) -> str:
        """`condition`, limited to the rule's rows."""
        return f"{self.where} AND ({condition})" if self.where else condition


@dataclass(frozen=True, slots=True)
class Predicate:
    """The predicate of a row rule.

    Args:
        fails: True if a row fails; NULL or false if it passes.
        present: True if a row is evaluated; None for all rows.
        evaluated_value: Expression that is not NULL if a row is evaluated, which is cheaper to count.
        batch_aggregates: Numbers of the whole batch that `fails` uses, by name.
        matches: Name of a flag column that `fails` uses, and the relation of row ids on which it is true.
    """

    fails: str
    present: str | None = None
    evaluated_value: str | None = None
    _: KW_ONLY
    batch_aggregates: Mapping[str, RelationSql] = field(default_factory=dict)
    matches: tuple[str, RelationSql] | None = None


def column_predicate(fails: str, column: ConvertedColumn) -> Predicate:
    """The predicate of a rule on the values of one column; missing values are not evaluated."""
    return Predicate(fails, f"{column.value} IS NOT NULL", column.value)


def comparable(columns: list[ConvertedColumn]) -> bool:
    """Whether values of all `columns` can be compared."""
    kinds = {column.column.type.kind for column in columns}
    return len(kinds) == 1 or kinds <= NUMBERS
