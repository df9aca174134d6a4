"""Ranges of rows as conditions of PostgreSQL that its indexes answer."""

from collections.abc import Mapping

from lakeward.core.sql import identifier, literal
from lakeward.sources.sql.server import Range, WatermarkKind
from lakeward.sources.sql.values import bound_value, step_back, text_of

# Numbers behind all others.
NOT_FINITE = frozenset({"NaN", "Infinity"})
_LARGEST = "'1e131071'::numeric"
_CASTS: Mapping[WatermarkKind, str] = {
    WatermarkKind.XID8: "xid8",
    WatermarkKind.INSTANT: "timestamptz",
    WatermarkKind.LOCAL: "timestamp",
}


def condition(range_: Range) -> str:
    """The rows of a range."""
    within = " AND ".join(bounds(range_)) or "true"
    return f"({within} OR {identifier(range_.column)} IS NULL)" if range_.with_nulls else f"({within})"


def bounds(range_: Range) -> list[str]:
    """The bounds that a range has."""
    name, found = identifier(range_.column), []
    if range_.start is not None:
        found.append(f"{name} >= {value(range_.start, range_, range_.back)}")
    if range_.stop is not None:
        found.append(f"{name} < {value(range_.stop, range_)}")
    return found


def value(text: str, range_: Range, back: int = 0) -> str:
    """A watermark, or the one so much before.

    Raises:
        MachineError: It is no number.
    """
    if range_.kind is WatermarkKind.NUMBER:
        # Without a cast the type is the column's: an index of whole numbers is not used for one of decimals.
        return text_of(step_back(bound_value(text, range_), back))
    known = f"{literal(text)}::{_CASTS[range_.kind]}"
    return f"({known} - INTERVAL '{back} seconds')" if back else known


def finite(column: str) -> str:
    """That a number has a place among the others."""
    return f"{identifier(column)} < {_LARGEST}"
