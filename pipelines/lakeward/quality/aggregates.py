"""Aggregate expectations: numbers and sets of the whole batch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.quality.batch_aggregates import deviation_sql, most_common, quantile
from lakeward.quality.batch_checks import MAX_EXAMPLES, AggregateCheck, CommonCheck, DistinctCheck, QuantileCheck, engine_list
from lakeward.quality.bounds import Bounds, bounds_of
from lakeward.quality.checks import Check
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.literals import parse_value
from lakeward.quality.number_texts import NUMBERS
from lakeward.quality.rule import Rule
from lakeward.quality.scope import Scope

# Aggregate by expectation; `{}` is the column. The deviation is that of a sample, as in pandas.
NUMERIC = {
    "expect_column_mean_to_be_between": "avg({})",
    "expect_column_stdev_to_be_between": "stddev_samp({})",
    "expect_column_median_to_be_between": "median(CAST({} AS DOUBLE))",
    "expect_column_sum_to_be_between": "sum({})",
}
EXTREME = {"expect_column_min_to_be_between": "min({})", "expect_column_max_to_be_between": "max({})"}
DISTINCT_COUNTS = {
    "expect_column_unique_value_count_to_be_between": "count(DISTINCT {0})",
    "expect_column_proportion_of_unique_values_to_be_between": "count(DISTINCT {0}) / nullif(count({0}), 0)",
}
# Kinds whose order is the same in SQL and in Python.
ORDERED_KINDS = (Kind.STRING, Kind.DATE, Kind.TIMESTAMP)
# Maximum number of most common values in a result, since all values can be equally common.
MOST_COMMON = 1000
# Result of Great Expectations for the sum over no rows; other aggregates have none.
VALUE_OF_NOTHING = {"expect_column_sum_to_be_between": 0}


def _column(rule: Rule, scope: Scope) -> ConvertedColumn:
    return scope.columns[rule.columns[0]]


def _numeric_check(rule: Rule, scope: Scope) -> Check | None:
    column, value = _column(rule, scope), scope.value(_column(rule, scope))
    if column.column.type.kind not in NUMBERS:
        return None
    # A sum of decimals or integers is exact in the engine; the interval has Python's floats.
    aggregate = f"CAST({NUMERIC[rule.type].format(value)} AS DOUBLE)"
    if rule.type == "expect_column_stdev_to_be_between" and column.column.type.kind is Kind.DOUBLE:
        aggregate = deviation_sql(value)
    return AggregateCheck(
        rule=rule,
        aggregate=aggregate,
        bounds=bounds_of(rule.kwargs),
        evaluated=f"count({value})",
        elements=scope.elements,
        empty=VALUE_OF_NOTHING.get(rule.type),
    )


def _extreme_check(rule: Rule, scope: Scope) -> Check | None:
    column, value = _column(rule, scope), scope.value(_column(rule, scope))
    aggregate, counted = EXTREME[rule.type].format(value), f"count({value})"
    if column.column.type.kind in NUMBERS:
        return AggregateCheck(
            rule=rule,
            aggregate=f"CAST({aggregate} AS DOUBLE)",
            bounds=bounds_of(rule.kwargs),
            evaluated=counted,
            elements=scope.elements,
        )
    if column.column.type.kind not in ORDERED_KINDS:
        return None
    return AggregateCheck(
        rule=rule, aggregate=aggregate, bounds=_typed_bounds(rule, scope, column), evaluated=counted, elements=scope.elements
    )


def _typed_bounds(rule: Rule, scope: Scope, column: ConvertedColumn) -> Bounds:
    bounds = bounds_of(rule.kwargs)
    low, high = (None if end is None else parse_value(end, column.column.type, scope.zone) for end in (bounds.low, bounds.high))
    return replace(bounds, low=low, high=high)


def _distinct_count_check(rule: Rule, scope: Scope) -> Check | None:
    column, value = _column(rule, scope), scope.value(_column(rule, scope))
    if column.column.type.kind is Kind.BINARY:
        return None
    return AggregateCheck(
        rule=rule,
        aggregate=DISTINCT_COUNTS[rule.type].format(value),
        bounds=bounds_of(rule.kwargs),
        evaluated=f"count({value})",
        elements=scope.elements,
        empty=0,
    )


def _completeness_check(rule: Rule, scope: Scope) -> Check | None:
    filled = f"count_if({scope.within(f'NOT ({_column(rule, scope).missing})')})"
    share = f"{filled} / nullif({scope.elements}, 0)"
    return AggregateCheck(
        rule=rule, aggregate=share, bounds=bounds_of(rule.kwargs), evaluated=scope.elements, elements=scope.elements, empty=0
    )


def _row_count_check(rule: Rule, scope: Scope) -> Check | None:
    return AggregateCheck(
        rule=rule, aggregate=scope.elements, bounds=bounds_of(rule.kwargs), evaluated=None, elements=scope.elements
    )


def _count_measures(scope: Scope, value: str) -> Mapping[str, str]:
    return {"elements": scope.elements, "evaluated": f"count({value})"}


def _distinct_check(*, others: bool, missing: bool) -> Callable[[Rule, Scope], Check | None]:
    def check(rule: Rule, scope: Scope) -> Check | None:
        column, value = _column(rule, scope), scope.value(_column(rule, scope))
        if column.column.type.kind is Kind.BINARY:
            return None
        value_set = list(dict.fromkeys(rule.kwargs["value_set"]))
        listed = scope.literal_list(value_set, column)
        outside = f"DISTINCT {value}) FILTER (WHERE {value} {f'NOT IN ({listed})' if listed else 'IS NOT NULL'}"
        cases = " ".join(
            f"WHEN {scope.literal(item, column)} THEN {index}" for index, item in enumerate(value_set) if item is not None
        )
        present = f"list(DISTINCT CASE {value} {cases} END)" if cases else "list(DISTINCT NULL)"
        instants = column.column.type.kind is Kind.TIMESTAMP
        examples = engine_list(f"list_sort(list({outside}))[:{MAX_EXAMPLES}]", instants=instants)
        unexpected = {"others": f"count({outside})", "examples": examples} if others else {}
        return DistinctCheck(
            rule=rule,
            counts=_count_measures(scope, value),
            unexpected=unexpected,
            present=present if missing else None,
            value_set=value_set,
            instants=instants,
        )

    return check


def _most_common_check(rule: Rule, scope: Scope) -> Check | None:
    column, value = _column(rule, scope), scope.value(_column(rule, scope))
    if column.column.type.kind is Kind.BINARY:
        return None
    instants = column.column.type.kind is Kind.TIMESTAMP
    listed, counted = most_common(value, MOST_COMMON)
    known = scope.literal_list(rule.kwargs["value_set"], column) or "NULL"
    found_in_set = f"len(list_filter(any_value({listed[0]}), lambda item: item IN ({known})))"
    return CommonCheck(
        rule=rule,
        counts=_count_measures(scope, value),
        batch_aggregates=dict([listed, counted]),
        values_column=listed[0],
        count_column=counted[0],
        count_in_set=found_in_set,
        instants=instants,
    )


def _quantile_check(rule: Rule, scope: Scope) -> Check | None:
    column, interpolation = _column(rule, scope), rule.kwargs.get("allow_relative_error") or "nearest"
    if column.column.type.kind not in NUMBERS or not isinstance(interpolation, str):
        return None
    value = f"CAST({scope.value(column)} AS DOUBLE)"
    lines = [quantile(value, float(share)) for share in rule.kwargs["quantile_ranges"]["quantiles"]]
    neighbours: dict[str, Any] = {}
    for number, (line, _) in enumerate(lines):
        neighbours[f"low{number}"] = f"max({value}) FILTER (WHERE {value} <= {line})"
        neighbours[f"high{number}"] = f"min({value}) FILTER (WHERE {value} >= {line})"
        neighbours[f"line{number}"] = f"any_value({line})"
    return QuantileCheck(
        rule=rule,
        counts=_count_measures(scope, value),
        interpolation=interpolation,
        neighbours=neighbours,
        batch_aggregates=dict(lines),
    )


AGGREGATES: Mapping[str, Callable[[Rule, Scope], Check | None]] = {
    **dict.fromkeys(NUMERIC, _numeric_check),
    **dict.fromkeys(EXTREME, _extreme_check),
    **dict.fromkeys(DISTINCT_COUNTS, _distinct_count_check),
    "expect_column_proportion_of_non_null_values_to_be_between": _completeness_check,
    "expect_table_row_count_to_be_between": _row_count_check,
    "expect_table_row_count_to_equal": _row_count_check,
    "expect_column_distinct_values_to_be_in_set": _distinct_check(others=True, missing=False),
    "expect_column_distinct_values_to_contain_set": _distinct_check(others=False, missing=True),
    "expect_column_distinct_values_to_equal_set": _distinct_check(others=True, missing=True),
    "expect_column_most_common_value_to_be_in_set": _most_common_check,
    "expect_column_quantile_values_to_be_between": _quantile_check,
}
