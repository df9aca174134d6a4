"""Candidate types of a column from a sample. The engine tests each on the whole file.

Identifiers are not numbers: values with leading zeros, or beyond 64 bits, are texts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import DataType, Kind
from lakeward.profiling.times import DATE, TIMESTAMP, fitting_formats
from lakeward.quality.convert import FALSE_WORDS, ISO_DATE, ISO_TIME, TRUE_WORDS, number_pattern

# Least share of converting values for a type; below it the column is text. Other values will be quarantined.
MIN_TYPE_SHARE = 0.95
# So many digits always fit 64 bits.
INTEGER_DIGITS = 18
# Digits after the point of money in any currency and unit price.
MONEY_SCALE = 4

STRING = DataType(Kind.STRING)
_MONEY = re.compile(r"(?<![a-z])(cost|price|amount|fee|cny|rmb|usd|eur)(?![a-z])|金额|成本|费用|价格|单价|元$", re.IGNORECASE)
# Texts that only look like numbers.
IDENTIFIER = re.compile(rf"[+-]?0\d+|[+-]?\d{{{INTEGER_DIGITS + 1},}}")
# 1 and 0 are words for true and false too, but a column of only these is a number until a person says otherwise.
_BOOLEAN_WORDS = {word for word in (*TRUE_WORDS, *FALSE_WORDS) if not word.isdigit()}


@dataclass(frozen=True, slots=True)
class TypeCandidate:
    """A type that a column may have."""

    type: DataType
    time_format: str | None = None


def type_candidates(header: str, values: Sequence[str], decimal: str) -> tuple[TypeCandidate, ...]:
    """Types to try on the whole file, preferred first, the text it is last.

    Args:
        header: The column's name in the file: money is exact.
        values: Different texts of it, trimmed, none of them a null token.
        decimal: Decimal separator.
    """
    return (*_non_text_candidates(header, values, decimal), TypeCandidate(STRING)) if values else (TypeCandidate(STRING),)


def _non_text_candidates(header: str, values: Sequence[str], decimal: str) -> tuple[TypeCandidate, ...]:
    if _share(values, "^(" + "|".join(map(re.escape, _BOOLEAN_WORDS)) + ")$") >= MIN_TYPE_SHARE:
        return (TypeCandidate(DataType(Kind.BOOLEAN)),)
    formats = tuple(TypeCandidate(type_, pattern) for type_, pattern in fitting_formats(values, MIN_TYPE_SHARE))
    if formats or any(map(IDENTIFIER.fullmatch, values)):
        return formats
    for type_, form in ((DATE, ISO_DATE), (TIMESTAMP, ISO_TIME)):
        if _share(values, form) >= MIN_TYPE_SHARE:
            return (TypeCandidate(type_),)
    return _number_candidates(header, values, decimal)


def _number_candidates(header: str, values: Sequence[str], decimal: str) -> tuple[TypeCandidate, ...]:
    if _share(values, r"^[+-]?\d+$") >= MIN_TYPE_SHARE:
        return (TypeCandidate(DataType(Kind.INTEGER)), TypeCandidate(DataType(Kind.DOUBLE)))
    double = DataType(Kind.DOUBLE)
    if _share(values, number_pattern(double, decimal)) < MIN_TYPE_SHARE:
        return ()
    if _MONEY.search(header.replace("_", " ")):
        return (TypeCandidate(DataType(Kind.DECIMAL, INTEGER_DIGITS, MONEY_SCALE)), TypeCandidate(double))
    return (TypeCandidate(double),)


def _share(values: Sequence[str], form: str) -> float:
    pattern = re.compile(form, re.IGNORECASE)
    return sum(1 for value in values if pattern.match(value)) / len(values)
