"""SQL of fingerprints: which rows of a table can be marked, the key of each row, and its marked values.

Never marked are zeros, values equal to a neighbour of their series, and values whose mark would leave the range of the column:
a flat run would jitter, and a limit or a set-point would show the mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal

# Column with the key of a row, as text.
ROW_KEY = "_row_key"
# Digits behind those of the resolution that a marked binary number keeps: what is finer is no reading.
_FINER_DIGITS = 3
UP = "+"


@dataclass(frozen=True, slots=True)
class Mark:
    """The fingerprint of one column.

    Args:
        amplitude: How far its values are moved, in the column's unit.
    """

    column: str
    type: DataType
    amplitude: Decimal
    resolution: Decimal

    @property
    def can_mark(self) -> str:
        """Name of the column that says whether a row's value can be marked."""
        return f"_can_mark_{self.column}"


def possible_mark(column: Column) -> Mark | None:
    """The mark that the stated accuracy of a column has room for; None without room."""
    amplitude = column.accuracy.amplitude if column.accuracy else None
    return Mark(column.name, column.type, amplitude, column.accuracy.resolution) if column.accuracy and amplitude else None


def marked_value(mark: Mark, sign: str) -> str:
    """The marked value of a row of `markable_rows`.

    Args:
        sign: Session function of the row's key that gives `+` or `-`.
    """
    name, step = identifier(mark.column), _amplitude(mark)
    moved = f"CASE WHEN {sign}({ROW_KEY}) = {literal(UP)} THEN {name} + {step} ELSE {name} - {step} END"
    if mark.type.kind is Kind.DOUBLE:
        digits = max(0, -int(mark.resolution.as_tuple().exponent)) + _FINER_DIGITS
        moved = f"round({moved}, {digits})"
    return f"CASE WHEN {identifier(mark.can_mark)} THEN CAST({moved} AS {sql_type(mark.type)}) ELSE {name} END"


def markable_rows(source: str, contract: Contract, columns: Sequence[str], marks: Sequence[Mark]) -> str:
    """SELECT of these columns of a table, the key of each row, and per mark whether the row's value can be marked.

    Args:
        source: The stored table, as a relation.
    """
    names = [identifier(name) for name in dict.fromkeys([*columns, *contract.primary_key])]
    around, bounds = (", ".join(part) for part in zip(*map(_around_and_bounds, marks), strict=True))
    items = ", ".join([*names, f"{_row_key(contract)} AS {ROW_KEY}", *map(_can_mark, marks)])
    return f"""SELECT {items} FROM (SELECT {", ".join(names)}, {around} FROM {source} WINDOW series AS ({_series(contract)}))
      CROSS JOIN (SELECT {bounds} FROM {source})"""


def _around_and_bounds(mark: Mark) -> tuple[str, str]:
    name = identifier(mark.column)
    finite = f" FILTER (isfinite({name}))" if mark.type.kind is Kind.DOUBLE else ""
    before, after, low, high = (identifier(f"_{part}{mark.can_mark}") for part in ("before", "after", "low", "high"))
    around = f"lag({name}) OVER series AS {before}, lead({name}) OVER series AS {after}"
    return around, f"min({name}){finite} AS {low}, max({name}){finite} AS {high}"


def _can_mark(mark: Mark) -> str:
    """Whether a value can be marked; where the arithmetic of the check itself overflows, it can't."""
    name, step = identifier(mark.column), _amplitude(mark)
    before, after, low, high = (identifier(f"_{part}{mark.can_mark}") for part in ("before", "after", "low", "high"))
    within = f"{name} - {step} >= {low} AND {name} + {step} <= {high} AND ({name} > {step} OR {name} < -{step})"
    differs = f"{name} IS DISTINCT FROM {before} AND {name} IS DISTINCT FROM {after}"
    return f"coalesce(TRY({within} AND {differs}), false) AS {identifier(mark.can_mark)}"


def _series(contract: Contract) -> str:
    """Window of a row's neighbours: those of its series in order of time, or of the key."""
    key = contract.primary_key
    time = contract.time_column if contract.time_column in key else key[-1]
    others = [identifier(name) for name in key if name != time]
    return (f"PARTITION BY {', '.join(others)} " if others else "") + f"ORDER BY {identifier(time)}"


def _row_key(contract: Contract) -> str:
    """The key of a row as text: each part with its length in front, so that no two keys are one text."""
    parts = []
    for name in contract.primary_key:
        column = identifier(name)
        value = f"epoch_us({column})" if contract.column(name).type.kind is Kind.TIMESTAMP else column
        text = f"CAST({value} AS VARCHAR)"
        parts.append(f"strlen({text}) || ':' || {text}")
    return " || ".join(parts)


def _amplitude(mark: Mark) -> str:
    number = f"{mark.amplitude:f}"
    return f"CAST({literal(number)} AS {sql_type(mark.type)})"
