"""Aggregate expectations: one number of the batch against an interval."""

from collections.abc import Callable, Mapping

from lakeward.contracts.model import Kind
from lakeward.quality.bounds import bounds_of
from lakeward.quality.checks import AggregateCheck, Check
from lakeward.quality.convert import NUMBERS
from lakeward.quality.predicates import Scope
from lakeward.quality.rule import Rule

# Aggregate by expectation; `{}` is the column. The deviation is the sample's, as pandas has it.
NUMERIC = {
    "expect_column_mean_to_be_between": "avg({})",
    "expect_column_stdev_to_be_between": "stddev_samp({})",
    "expect_column_median_to_be_between": "median({})",
    "expect_column_sum_to_be_between": "sum({})",
    "expect_column_min_to_be_between": "min({})",
    "expect_column_max_to_be_between": "max({})",
}
COUNTED = {
    "expect_column_unique_value_count_to_be_between": "count(DISTINCT {0})",
    "expect_column_proportion_of_unique_values_to_be_between": "count(DISTINCT {0}) / nullif(count({0}), 0)",
}


def _numeric(rule: Rule, scope: Scope) -> Check | None:
    column = scope.columns[rule.columns[0]]
    if column.column.type.kind not in NUMBERS:
        return None
    # A sum of decimals or integers stays exact in the engine; the interval is in Python's floats.
    value = f"CAST({NUMERIC[rule.type].format(column.value)} AS DOUBLE)"
    return AggregateCheck(rule, value, bounds_of(rule.kwargs), f"count({column.value})")


def _counted(rule: Rule, scope: Scope) -> Check | None:
    column = scope.columns[rule.columns[0]]
    if column.column.type.kind is Kind.BINARY:
        return None
    return AggregateCheck(rule, COUNTED[rule.type].format(column.value), bounds_of(rule.kwargs), f"count({column.value})")


def _filled(rule: Rule, scope: Scope) -> Check | None:
    filled = f"count_if(NOT ({scope.columns[rule.columns[0]].missing}))"
    return AggregateCheck(rule, f"{filled} / nullif(count(*), 0)", bounds_of(rule.kwargs), "count(*)")


def _rows(rule: Rule, _: Scope) -> Check | None:
    return AggregateCheck(rule, "count(*)", bounds_of(rule.kwargs), None)


AGGREGATES: Mapping[str, Callable[[Rule, Scope], Check | None]] = {
    **dict.fromkeys(NUMERIC, _numeric),
    **dict.fromkeys(COUNTED, _counted),
    "expect_column_proportion_of_non_null_values_to_be_between": _filled,
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": _rows,
}
