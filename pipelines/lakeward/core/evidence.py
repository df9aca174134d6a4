"""A number that opens (docs/explanation/laws.md, 3): its query, the table versions that it reads, and its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number with the query that reproduces it.

    Args:
        sql: A SELECT of one row; its column `value` is the number.
        versions: By table (`layer.name`), the Delta version to run `sql` at.
        value: The number; None means unknown, never zero.
    """

    sql: str
    versions: Mapping[str, int]
    value: Decimal | int | str | None

    def as_dict(self) -> dict[str, object]:
        """`sql, versions, value`; a decimal as text, to its last digit."""
        value = str(self.value) if isinstance(self.value, Decimal) else self.value
        return {"sql": self.sql, "versions": dict(self.versions), "value": value}
