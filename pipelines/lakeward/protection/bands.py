"""SQL of the band of a value: a text with both bounds, so that no band can be taken for a value.

Bounds are computed in decimal: in binary 0.3 lies below three steps of 0.1. A value that no band holds is `out of range`.
"""

from decimal import Decimal

from lakeward.contracts.bands import Band, TimeBucket
from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import literal
from lakeward.protection.regions import region

# Shown of a number that is not finite, or too large for exact arithmetic; of a text whose region is not found.
OUT_OF_RANGE, NO_REGION = "out of range", "***"
# UCUM's unit of a pure number, which is not written.
DIMENSIONLESS = "1"
# Upper ends of the length classes of generalised texts.
LENGTHS = (4, 16, 64)
# Below this binary numbers hold every whole number.
_EXACT = 2**53
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)
# ISO 8601 with reduced precision, so that a day is not taken for its first instant.
_FORMATS = {
    TimeBucket.HOUR: "%Y-%m-%dT%H",
    TimeBucket.DAY: "%Y-%m-%d",
    TimeBucket.WEEK: "%G-W%V",
    TimeBucket.MONTH: "%Y-%m",
    TimeBucket.YEAR: "%Y",
}
_DEFAULT_BUCKETS = {Kind.TIMESTAMP: TimeBucket.DAY, Kind.DATE: TimeBucket.MONTH}


def band_expression(column: str, type_: DataType, band: Band | None = None, unit: str | None = None) -> str:
    """A text: the band of a column's value; NULL stays NULL, and no value makes it fail.

    Args:
        column: A quoted identifier of type `type_`: a number, a date, a timestamp or a text.
        band: As the contract declares it; None for the default of the type.
    """
    band = band or Band()
    if type_.kind in NUMBERS:
        shown = _fixed_band(column, type_, band.width) if band.width else _digit_band(column, type_)
        whole = f"{shown} || {literal(' ' + unit)}" if unit and unit != DIMENSIONLESS else shown
        return f"CASE WHEN {column} IS NOT NULL THEN coalesce(TRY({whole}), {literal(OUT_OF_RANGE)}) END"
    if type_.kind in _DEFAULT_BUCKETS:
        return _time_band(column, band.bucket or _DEFAULT_BUCKETS[type_.kind])
    if band.region:
        return f"CASE WHEN {column} IS NOT NULL THEN coalesce({region(column, band.region)}, {literal(NO_REGION)}) END"
    return _length_class(column)


def _fixed_band(column: str, type_: DataType, width: Decimal) -> str:
    """`[lower, upper)`, with bounds at multiples of the width."""
    scale = max(0, -int(width.as_tuple().exponent))
    if type_.kind is Kind.DOUBLE:
        return _binary_band(column, width, scale)
    number = f"DECIMAL(38,{type_.scale if type_.kind is Kind.DECIMAL else 0})"
    value, step = f"CAST({column} AS {number})", f"CAST({literal(f'{width:f}')} AS {number})"
    below = f"({value} % {step})"
    lower = f"({value} - {below} - CASE WHEN {below} < 0 THEN {step} ELSE CAST(0 AS {number}) END)"
    return _interval(lower, f"({lower} + {step})", scale)


def _binary_band(column: str, width: Decimal, scale: int) -> str:
    """Of a binary number: the guessed number of steps, corrected by its decimal bounds; 15 digits are exact."""
    step = int(width.scaleb(scale))
    steps = f"CAST(floor({column} / {width:f}::DOUBLE) AS BIGINT)"
    bounds = [f"CAST(({steps} + {at}) * {step} AS DOUBLE) / 1e{scale}" for at in (0, 1)]
    right = f"({steps} + CASE WHEN {column} < {bounds[0]} THEN -1 WHEN {column} >= {bounds[1]} THEN 1 ELSE 0 END)"
    decimal = f"CAST({literal(f'{width:f}')} AS DECIMAL(18,{scale}))"
    low, high = (f"CAST({right} + {at} AS DECIMAL(18,0)) * {decimal}" for at in (0, 1))
    return f"CASE WHEN abs({column}) * 1e{scale} < {_EXACT} THEN {_interval(low, high, scale)} END"


def _interval(low: str, high: str, scale: int) -> str:
    texts = (f"CAST(CAST({bound} AS DECIMAL(38,{scale})) AS VARCHAR)" for bound in (low, high))
    return f"'[' || {next(texts)} || ', ' || {next(texts)} || ')'"


def _digit_band(column: str, type_: DataType) -> str:
    """`[first digit and zeros, the next such number)`, and everything below ten together: no value has a band of its own.

    The digits are taken from the text, so there is no arithmetic that could overflow. Bands of negative numbers are the mirrored ones.
    """
    wide = {Kind.INTEGER: "HUGEINT", Kind.DOUBLE: "DOUBLE"}.get(type_.kind, f"DECIMAL({type_.precision},{type_.scale})")
    whole = f"trunc(abs(CAST({column} AS {wide})))"
    digits = f"CAST({f'TRY_CAST({whole} AS HUGEINT)' if type_.kind is Kind.DOUBLE else whole} AS VARCHAR)"
    zeros = f"repeat('0', length({digits}) - 1)"
    small = f"length({digits}) = 1"
    lower = f"CASE WHEN {small} THEN '0' ELSE left({digits}, 1) || {zeros} END"
    upper = f"CASE WHEN {small} THEN '10' ELSE CAST(CAST(left({digits}, 1) AS INTEGER) + 1 AS VARCHAR) || {zeros} END"
    least = f"CASE WHEN {small} THEN '0' ELSE '-' || {lower} END"
    return (
        f"CASE WHEN {column} < 0 THEN '(-' || {upper} || ', ' || {least} || ']' ELSE '[' || {lower} || ', ' || {upper} || ')' END"
    )


def _time_band(column: str, bucket: TimeBucket) -> str:
    if bucket is TimeBucket.QUARTER:
        return f"strftime({column}, '%Y') || '-Q' || CAST(quarter({column}) AS VARCHAR)"
    return f"strftime({column}, {literal(_FORMATS[bucket])})"


def _length_class(column: str) -> str:
    bounds = zip((1, *(end + 1 for end in LENGTHS)), LENGTHS, strict=False)
    whens = " ".join(f"WHEN length({column}) <= {end} THEN '{start}-{end}'" for start, end in bounds)
    return f"CASE WHEN {column} IS NULL THEN NULL WHEN length({column}) = 0 THEN '' {whens} ELSE '{LENGTHS[-1] + 1}+' END"
