"""Numbers that stand for no value, as the contract's `nulls` say: compared by value, so that `-999` is also `-999.0` and `-9.99E+02`."""

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from lakeward.contracts.model import COUNTED_TIMES, Column, DataType, Kind
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.sql import literal
from lakeward.quality.number_texts import NUMBERS, number_pattern, number_value

_DOUBLE = DataType(Kind.DOUBLE)
# Digits that a double always holds, and a decimal.
_DOUBLE_DIGITS, _DECIMAL_DIGITS = 15, 38


def without_null_numbers(own: str, column: Column, stored: DataType, record_format: RecordFormat) -> str:
    """The stored value, NULL where it is one of the nulls: a number by its value, a text of the column's as it is written."""
    if stored.kind is Kind.STRING:
        for token in column.nulls:
            own = f"nullif({own}, {literal(token)})"
        return own
    if stored.kind not in NUMBERS:
        return own
    for number in _numbers((*record_format.nulls, *column.nulls), ".", ""):
        if stored.kind is Kind.DOUBLE:
            own = f"nullif({own}, {_double(number)})"
        elif len(f"{number:f}") <= _DECIMAL_DIGITS:
            own = f"nullif({own}, {number:f})"
    return own


def null_numbers(column: Column, record_format: RecordFormat) -> tuple[Decimal, ...]:
    """The nulls of a column of text that are compared by value: in columns of numbers and of counted times those that are numbers.

    Of an integer and a decimal without those of more than 15 digits, which a double does not tell apart: they are compared as
    texts.
    """
    if column.type.kind not in NUMBERS and column.time_format not in COUNTED_TIMES:
        return ()
    tokens = (*record_format.nulls, *column.nulls)
    found = _numbers(tokens, record_format.decimal, record_format.thousands)
    return tuple(n for n in found if column.type.kind is Kind.DOUBLE or len(n.normalize().as_tuple().digits) <= _DOUBLE_DIGITS)


def null_number_layers(
    text: str, number: str, cleaned: str, numbers: Sequence[Decimal], record_format: RecordFormat
) -> tuple[dict[str, str], ...]:
    """Layers that make `cleaned`, the text without the texts of these numbers.

    Args:
        text, number, cleaned: Columns: the text, and those to be made: its value, NULL where it is no number, and the result.
    """
    listed = ", ".join(map(_double, numbers))
    return (
        {number: number_value(text, _DOUBLE, record_format.decimal, record_format.thousands)},
        {cleaned: f"CASE WHEN {number} IN ({listed}) THEN NULL ELSE {text} END"},
    )


def _numbers(tokens: Iterable[str], decimal: str, thousands: str) -> tuple[Decimal, ...]:
    """The tokens that are finite numbers, in the writing of the file or with a decimal point."""
    found = []
    for token in tokens:
        if re.fullmatch(number_pattern(_DOUBLE, decimal, thousands), token):
            found.append(Decimal(token.replace(thousands, "").replace(decimal, ".")))
        elif re.fullmatch(number_pattern(_DOUBLE), token):
            found.append(Decimal(token))
    return tuple(dict.fromkeys(number for number in found if math.isfinite(float(number))))


def _double(number: Decimal) -> str:
    return f"CAST({literal(f'{number:E}')} AS DOUBLE)"
