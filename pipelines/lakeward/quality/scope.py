"""What a rule sees of a batch: its columns, and the rows that it speaks of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from lakeward.quality.convert import NUMBERS, ConvertedColumn
from lakeward.quality.literals import literal

Kwargs = Mapping[str, Any]
# SQL that depends on a relation of the batch's converted rows.
RelationSql = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule can see.

    Args:
        columns: The contract's columns, in order.
        zone: Zone of naive times in the rule's arguments.
        where: True on the rows that the rule speaks of; None: on all.
    """

    columns: Mapping[str, ConvertedColumn]
    zone: str | None
    where: str | None = None

    def literal(self, value: Any, column: ConvertedColumn) -> str:
        """SQL of `value`, to compare with `column`."""
        return literal(value, column.column.type, self.zone)

    def literal_list(self, values: Iterable[Any], column: ConvertedColumn) -> str:
        """SQL of `values` for IN, without its brackets; a missing value is equal to none."""
        return ", ".join(self.literal(value, column) for value in values if value is not None)

    def value(self, column: ConvertedColumn) -> str:
        """The column's value on the rows that the rule speaks of, NULL on others."""
        return f"CASE WHEN {self.where} THEN {column.value} END" if self.where else column.value

    @property
    def elements(self) -> str:
        """Aggregate that counts the rows that the rule speaks of."""
        return f"coalesce(count_if({self.where}), 0)" if self.where else "count(*)"

    def within(self, condition: str) -> str:
        """True where `condition` is, of those rows."""
        return f"{self.where} AND ({condition})" if self.where else condition


@dataclass(frozen=True, slots=True)
class Predicate:
    """What a rule on rows asks of one.

    Args:
        fails: True where a row fails; NULL or false where it passes.
        present: True where a row is evaluated; None: everywhere.
        counted: Value that is not NULL where a row is evaluated: to count it is cheaper.
        moments: Numbers of the whole batch that `fails` uses, by the name it has for each.
        hits: Name of a column that is true on the rows of a relation of places, and that relation; `fails` uses it.
    """

    fails: str
    present: str | None = None
    evaluated_value: str | None = None
    _: KW_ONLY
    batch_aggregates: Mapping[str, RelationSql] = field(default_factory=dict)
    matches: tuple[str, RelationSql] | None = None


def column_predicate(fails: str, column: ConvertedColumn) -> Predicate:
    """A rule on the values of one column: what is missing is not evaluated."""
    return Predicate(fails, f"{column.value} IS NOT NULL", column.value)


def comparable(columns: list[ConvertedColumn]) -> bool:
    """Whether values of all `columns` can stand in one comparison."""
    kinds = {column.column.type.kind for column in columns}
    return len(kinds) == 1 or kinds <= NUMBERS
