"""A number that opens (docs/explanation/laws.md, 3): the query behind it, the table versions it read, and what it gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number with the way back to it.

    Args:
        sql: A SELECT of one row; its column `value` is the number.
        versions: Table (`layer.name`) -> the version that was read; run `sql` at these to get the number again.
        value: None where the query finds nothing to measure: unknown, never zero.
    """

    sql: str
    versions: Mapping[str, int]
    value: Decimal | int | str | None

    def as_dict(self) -> dict[str, object]:
        """`sql, versions, value`; a decimal as text, to its last digit."""
        value = str(self.value) if isinstance(self.value, Decimal) else self.value
        return {"sql": self.sql, "versions": dict(self.versions), "value": value}
