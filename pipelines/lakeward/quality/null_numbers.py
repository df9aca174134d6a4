"""Values in their own types that stand for none, as the contract's `nulls` of a column say."""

from decimal import Decimal, InvalidOperation

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.core.sql import literal

_NUMBERS = frozenset({Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL})


def without_null_numbers(own: str, column: Column, stored: DataType) -> str:
    """The stored value, NULL where it is one of the column's nulls: a number by its value, a text as it is written."""
    for token in column.nulls:
        if stored.kind is Kind.STRING:
            own = f"nullif({own}, {literal(token)})"
        elif stored.kind in _NUMBERS and (number := _number(token)) is not None:
            own = f"nullif({own}, {number:f})"
    return own


def _number(token: str) -> Decimal | None:
    try:
        found = Decimal(token)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
