"""Which types a column may have, by a sample of its texts. The engine proves or disproves each on the whole file.

Refuses to take identifiers for numbers: leading zeros, and digits beyond 64 bits, are texts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import DataType, Kind
from lakeward.profiling.times import DATE, TIMESTAMP, fitting_formats
from lakeward.quality.convert import FALSE, ISO_DATE, ISO_TIME, TRUE, number_form

# From here on a type is the column's, and what does not fit it is a fault that quarantine shows; below, it is a text.
ENOUGH = 0.95
# So many digits always fit 64 bits.
INTEGER_DIGITS = 18
# Digits after the point of money in any currency and unit price.
MONEY_SCALE = 4

STRING = DataType(Kind.STRING)
_MONEY = re.compile(r"(?<![a-z])(cost|price|amount|fee|cny|rmb|usd|eur)(?![a-z])|金额|成本|费用|价格|单价|元$", re.IGNORECASE)
# Texts that only look like numbers.
IDENTIFIER = re.compile(rf"[+-]?0\d+|[+-]?\d{{{INTEGER_DIGITS + 1},}}")
# 1 and 0 are words for true and false too, but a column of only these is a number until a person says otherwise.
_WORDS = {word for word in (*TRUE, *FALSE) if not word.isdigit()}


@dataclass(frozen=True, slots=True)
class Trial:
    """A type that a column may have."""

    type: DataType
    time_format: str | None = None


def candidates(header: str, values: Sequence[str], decimal: str) -> tuple[Trial, ...]:
    """Types to try on the whole file, preferred first, the text it is last.

    Args:
        header: The column's name in the file: money is exact.
        values: Different texts of it, trimmed, none of them a null token.
        decimal: Decimal separator.
    """
    return (*_typed(header, values, decimal), Trial(STRING)) if values else (Trial(STRING),)


def _typed(header: str, values: Sequence[str], decimal: str) -> tuple[Trial, ...]:
    if _share(values, "^(" + "|".join(map(re.escape, _WORDS)) + ")$") >= ENOUGH:
        return (Trial(DataType(Kind.BOOLEAN)),)
    formats = tuple(Trial(type_, pattern) for type_, pattern in fitting_formats(values, ENOUGH))
    if formats or any(map(IDENTIFIER.fullmatch, values)):
        return formats
    for type_, form in ((DATE, ISO_DATE), (TIMESTAMP, ISO_TIME)):
        if _share(values, form) >= ENOUGH:
            return (Trial(type_),)
    return _number(header, values, decimal)


def _number(header: str, values: Sequence[str], decimal: str) -> tuple[Trial, ...]:
    if _share(values, r"^[+-]?\d+$") >= ENOUGH:
        return (Trial(DataType(Kind.INTEGER)), Trial(DataType(Kind.DOUBLE)))
    double = DataType(Kind.DOUBLE)
    if _share(values, number_form(double, decimal)) < ENOUGH:
        return ()
    if _MONEY.search(header.replace("_", " ")):
        return (Trial(DataType(Kind.DECIMAL, INTEGER_DIGITS, MONEY_SCALE)), Trial(double))
    return (Trial(double),)


def _share(values: Sequence[str], form: str) -> float:
    pattern = re.compile(form, re.IGNORECASE)
    return sum(1 for value in values if pattern.match(value)) / len(values)
