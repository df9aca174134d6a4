"""Writes the draft of a suite for Great Expectations 1.24: rules that the whole file satisfies, for a person to correct.

A bound or a list comes from one file, so it only warns; rows are quarantined only by the contract's key and types.
"""

import json
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.core.workbook import ERRORS
from lakeward.profiling.findings import ColumnProfile, Profile

GX_VERSION = "1.24.1"
# The observed range is widened by this share on each side, since the next file can exceed it.
MARGIN = Decimal("0.1")
# Excel's error values, which are no text. In numbers and times they do not convert anyway.
ERROR_FORM = "^#(" + "|".join(error[1:].replace("?", "[?]") for error in ERRORS) + ")$"
FORMULA_ERROR_NOTE = "An error of Excel is the failure of a formula, not a value."
# A source's clock that is further ahead, and a row that comes later, are named: as AWS IoT SiteWise has it, which refuses such rows.
MAX_AHEAD_SECONDS, MAX_LATE_SECONDS = 600, 604_800
# Significant digits of a bound: more would suggest false precision.
DIGITS = 3


def suite_text(profile: Profile, name: str, *, has_delay: bool = False) -> str:
    """The suite as JSON, ending with a line end.

    Args:
        has_delay: Whether the contract has a column of the delay between source time and receipt.
    """
    expectations = [expectation for column in profile.columns for expectation in _expectations(profile, column)]
    if has_delay and profile.times:
        expectations.append(_delay_rule(delay_name(profile)))
    suite = {"name": name, "expectations": expectations, "meta": {"great_expectations_version": GX_VERSION}}
    return json.dumps(suite, ensure_ascii=False, indent=2) + "\n"


def _expectations(profile: Profile, column: ColumnProfile) -> Iterator[dict[str, Any]]:
    is_required = profile.times is not None and column.name == profile.times.column  # by the contract, where it is filled
    if column.filled == profile.rows and not is_required:
        yield _rule(column, "expect_column_values_to_not_be_null", f"None of {profile.rows:,} values is missing.")
    if column.name in profile.key.others:
        yield _rule(
            column, "expect_column_values_to_be_unique", f"{column.distinct:,} different values in {profile.rows:,} records."
        )
    if column.low is not None and column.high is not None:
        low, high = (_number(bound, column) for bound in widen_range(column.low, column.high))
        yield _rule(column, "expect_column_values_to_be_between", _range_note(column, low, high), min_value=low, max_value=high)
    if column.choices:
        note = f"All {column.distinct:,} different values among {column.filled:,}."
        yield _rule(column, "expect_column_values_to_be_in_set", note, value_set=_choices(column))
    if profile.record_format.format is FileFormat.XLSX and column.type.kind is Kind.STRING:
        yield _rule(column, "expect_column_values_to_not_match_regex", FORMULA_ERROR_NOTE, regex=ERROR_FORM) | {
            "severity": "critical"
        }
    if column.pattern:
        yield _rule(
            column, "expect_column_values_to_match_regex", f"All {column.filled:,} values have this form.", regex=column.pattern
        )


def _range_note(column: ColumnProfile, low: float, high: float) -> str:
    """What the bounds are: rounding, and zero, can leave one of them at the outermost value."""
    assert column.low is not None
    assert column.high is not None
    wider = [side for side, is_wider in (("below", low < column.low), ("above", high > column.high)) if is_wider]
    margin = f"with a margin of {MARGIN:.0%}, rounded, {' and '.join(wider)}" if wider else "as they are"
    return f"The bounds of {column.converted:,} values of one file, {margin}; set them to what is possible."


def delay_name(profile: Profile) -> str:
    """Name of the column of the delay; no other column has it."""
    names = {column.name for column in profile.columns}
    return next(name for name in ("delay", *(f"delay_{at}" for at in range(2, len(names) + 3))) if name not in names)


def _delay_rule(column: str) -> dict[str, Any]:
    kwargs = {"column": column, "min_value": -MAX_AHEAD_SECONDS, "max_value": MAX_LATE_SECONDS}
    meta = {"notes": "A clock that is ahead, or a row that is late: set both to what is usual. The rows are published."}
    return {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "severity": "warning", "meta": meta}


def widen_range(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """The range with a margin, rounded outwards; a range without negative, or positive, values stays so."""
    margin = (high - low) * MARGIN or abs(high) * MARGIN
    least, most = _round_digits(low - margin, ROUND_FLOOR), _round_digits(high + margin, ROUND_CEILING)
    return (max(least, Decimal(0)) if low >= 0 else least), (min(most, Decimal(0)) if high <= 0 else most)


def _round_digits(value: Decimal, rounding: str) -> Decimal:
    if not value:
        return value
    return value.quantize(Decimal((0, (1,), value.adjusted() - DIGITS + 1)), rounding=rounding)


def _choices(column: ColumnProfile) -> list[str] | list[int]:
    return [int(choice) for choice in column.choices] if column.type.kind is Kind.INTEGER else list(column.choices)


def _number(value: Decimal, column: ColumnProfile) -> int | float:
    return int(value) if column.type.kind is Kind.INTEGER else float(value)


def _rule(column: ColumnProfile, type_: str, note: str, **kwargs: object) -> dict[str, Any]:
    return {"type": type_, "kwargs": {"column": column.name, **kwargs}, "severity": "warning", "meta": {"notes": note}}
