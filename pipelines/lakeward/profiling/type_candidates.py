"""Candidate types of a column from a sample. The engine tests each on the whole file.

Identifiers are not numbers: values with leading zeros, beyond 64 bits, or like `12E4` are texts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import RecordFormat
from lakeward.profiling.times import DATE, TIMESTAMP, counted_format, fitting_formats
from lakeward.quality.convert import FALSE_WORDS, ISO_DATE, ISO_TIME, TRUE_WORDS
from lakeward.quality.number_texts import number_pattern

# From here on a type is the column's, and what does not fit it is a fault that quarantine shows; below, it is a text.
MIN_TYPE_SHARE = 0.9
# So many digits always fit 64 bits.
INTEGER_DIGITS = 18
# Digits after the point of money in any currency and unit price.
MONEY_SCALE = 4

STRING = DataType(Kind.STRING)
_MONEY = re.compile(r"(?<![a-z])(cost|price|amount|fee|cny|rmb|usd|eur)(?![a-z])|金额|成本|费用|价格|单价|元$", re.IGNORECASE)
# Texts that only look like numbers.
IDENTIFIER = re.compile(rf"[+-]?0\d+|[+-]?\d{{{INTEGER_DIGITS + 1},}}")
# Part numbers such as 12E4. Programs write a sign or a fraction with the exponent of a number: 1E+05, 1.0E5.
_EXPONENT_CODE = re.compile(r"\d+[eE]\d+")
_EXPONENT_NUMBER = re.compile(r"[+-]\d+[eE]\d+|[+-]?\d+[eE][+-]\d+|[+-]?\d*[.,]\d+[eE][+-]?\d+")
# What stands for no time where time is counted.
_NO_TIMES = frozenset(("0", "-1", "0.0", "-1.0"))
# 1 and 0 are words for true and false too, but a column of only these is a number until a person says otherwise.
_BOOLEAN_WORDS = {word for word in (*TRUE_WORDS, *FALSE_WORDS) if not word.isdigit()}


@dataclass(frozen=True, slots=True)
class TypeCandidate:
    """A type that a column may have.

    Args:
        nulls: Texts that are no value of it.
    """

    type: DataType
    time_format: str | None = None
    nulls: tuple[str, ...] = ()


def type_candidates(
    header: str, values: Sequence[str], record_format: RecordFormat, words: Sequence[str] = ()
) -> tuple[TypeCandidate, ...]:
    """Types to try on the whole file, preferred first, the text it is last.

    Args:
        header: The column's name in the file: money is exact.
        values: Texts of it, one for each row of a sample, trimmed, none of them a null token.
        words: Words of historians that stand in it: no values of a column that is no text.
    """
    no_values = tuple(dict.fromkeys(words))
    readings = [value for value in values if value not in no_values]
    if not readings:
        return (TypeCandidate(STRING),)
    found = _non_text_candidates(header, readings, record_format)
    return (*(replace(candidate, nulls=no_values) for candidate in found), TypeCandidate(STRING))


def _non_text_candidates(header: str, values: Sequence[str], record_format: RecordFormat) -> tuple[TypeCandidate, ...]:
    if counted := counted_format(header, _without_no_times(values), MIN_TYPE_SHARE):
        return (TypeCandidate(TIMESTAMP, counted),)
    if _share(values, "^(" + "|".join(map(re.escape, _BOOLEAN_WORDS)) + ")$") >= MIN_TYPE_SHARE:
        return (TypeCandidate(DataType(Kind.BOOLEAN)),)
    formats = tuple(TypeCandidate(type_, pattern) for type_, pattern in fitting_formats(values, MIN_TYPE_SHARE))
    if formats or any(map(IDENTIFIER.fullmatch, values)) or are_exponent_codes(values):
        return formats
    for type_, form in ((DATE, ISO_DATE), (TIMESTAMP, ISO_TIME)):
        if _share(values, form) >= MIN_TYPE_SHARE:
            return (TypeCandidate(type_),)
    return _number_candidates(header, values, record_format)


def are_exponent_codes(values: Sequence[str]) -> bool:
    """Whether some texts are rather identifiers such as `12E4` than numbers: none is surely a number with an exponent."""
    return any(map(_EXPONENT_CODE.fullmatch, values)) and not any(map(_EXPONENT_NUMBER.fullmatch, values))


def _without_no_times(values: Sequence[str]) -> Sequence[str]:
    """The texts without those that stand for no time where time is counted, if most are others."""
    others = [value for value in values if value not in _NO_TIMES]
    return others if 2 * len(others) > len(values) else values


def _number_candidates(header: str, values: Sequence[str], record_format: RecordFormat) -> tuple[TypeCandidate, ...]:
    double, integer = DataType(Kind.DOUBLE), DataType(Kind.INTEGER)
    signs = record_format.decimal, record_format.thousands
    whole = r"^[+-]?\d+$" if not record_format.thousands else number_pattern(integer, *signs)
    if _share(values, whole) >= MIN_TYPE_SHARE:
        return (TypeCandidate(integer), TypeCandidate(double))
    if _share(values, number_pattern(double, *signs)) < MIN_TYPE_SHARE:
        return ()
    if _MONEY.search(header.replace("_", " ")):
        return (TypeCandidate(DataType(Kind.DECIMAL, INTEGER_DIGITS, MONEY_SCALE)), TypeCandidate(double))
    return (TypeCandidate(double),)


def _share(values: Sequence[str], form: str) -> float:
    pattern = re.compile(form, re.IGNORECASE)
    return sum(1 for value in values if pattern.match(value)) / len(values)
