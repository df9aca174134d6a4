"""The `details` of a Great Expectations result: differing columns, quantiles in range."""

import math
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from lakeward.quality.rule import Verdict

# Tolerance of a quantile at the ends of its range.
TOLERANCE = {"rel_tol": 1e-4, "abs_tol": 1e-8}


def details(verdict: Verdict) -> dict[str, Any]:
    """`{"details": …}`, or an empty mapping."""
    build = DETAILS.get(verdict.rule.type)
    found = build(verdict.rule.kwargs, verdict.value) if build and verdict.value is not None else None
    return {"details": found} if found else {}


def _set_details(kwargs: Mapping[str, Any], columns: list[str]) -> dict[str, Any] | None:
    expected, found = set(kwargs.get("column_set") or ()), set(columns)
    differing = {"unexpected": sorted(found - expected), "missing": sorted(expected - found)}
    mismatched = {side: names for side, names in differing.items() if names}
    return {"mismatched": mismatched} if mismatched else None


def _list_details(kwargs: Mapping[str, Any], columns: list[str]) -> dict[str, Any] | None:
    pairs = enumerate(zip_longest(kwargs.get("column_list") or (), columns))
    mismatched = [
        {"Expected Column Position": n, "Expected": expected, "Found": found}
        for n, (expected, found) in pairs
        if expected != found
    ]
    return {"mismatched": mismatched} if mismatched else None


def _quantile_details(kwargs: Mapping[str, Any], observed: Mapping[str, Any]) -> dict[str, Any]:
    ranges = kwargs["quantile_ranges"]["value_ranges"]
    return {"success_details": [_within(value, *ends) for value, ends in zip(observed["values"], ranges, strict=True)]}


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if value is None:
        return False
    if any(end is not None and math.isclose(value, end, **TOLERANCE) for end in (low, high)):
        return True
    return (low is None or low <= value) and (high is None or value <= high)


DETAILS: Mapping[str, Callable[[Mapping[str, Any], Any], dict[str, Any] | None]] = {
    "expect_table_columns_to_match_set": _set_details,
    "expect_table_columns_to_match_ordered_list": _list_details,
    "expect_column_quantile_values_to_be_between": _quantile_details,
}
