"""Numbers as texts: the form in which a type takes them, and their value."""

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.sql import literal

NUMBERS = frozenset({Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL})
# Characters with a meaning of their own in a class of a regular expression.
_OF_CLASSES = frozenset("\\]^[-&~|")


def number_value(text: str, type_: DataType, decimal: str, thousands: str) -> str:
    """SQL of the number that a text is; NULL where it is none, or one that the type can't hold.

    Args:
        text: SQL of the text.
        decimal, thousands: Its signs; `thousands` may be empty.
    """
    digits = f"replace({text}, {literal(thousands)}, '')" if thousands else text
    dotted = digits if decimal == "." else f"replace({digits}, {literal(decimal)}, '.')"
    cast = f"TRY_CAST({dotted} AS {sql_type(type_)})"
    when = f"CASE WHEN regexp_matches({text}, {literal(number_pattern(type_, decimal, thousands))})"
    if type_.kind is Kind.DOUBLE:
        return f"{when} AND isfinite({cast}) THEN {cast} END"
    return f"{when} THEN {cast} END"


def number_pattern(type_: DataType, decimal: str = ".", thousands: str = "") -> str:
    """The form of a number that `type_` holds without loss, as a regular expression: `12.00` is an integer, `1.7` and `1e3` are not.

    The first group of digits before a sign for thousands is 1 to 999 without a leading zero: with `.` between thousands `0.123` is
    no number, for it is 123 thousandths where the delivery's writing has changed.
    """
    point = f"[{decimal}]"
    whole = f"([0-9]+|[1-9][0-9]{{0,2}}({_one_of(thousands)}[0-9]{{3}})+)" if thousands else "[0-9]+"
    if type_.kind is Kind.DOUBLE:
        return f"^[+-]?({whole}({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?$"
    scale = type_.scale
    if scale == 0:
        return f"^[+-]?{whole}({point}0*)?$"
    return f"^[+-]?({whole}({point}[0-9]{{0,{scale}}}0*)?|{point}[0-9]{{1,{scale}}}0*)$"


def _one_of(sign: str) -> str:
    return f"[\\{sign}]" if sign in _OF_CLASSES else f"[{sign}]"
