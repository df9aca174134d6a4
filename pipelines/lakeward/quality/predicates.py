"""Row expectations on the values of one column as predicates. NULL never fails, as in Great Expectations on pandas."""

from collections.abc import Callable, Mapping

from lakeward.quality.bounds import outside
from lakeward.quality.order import ORDER_PREDICATES
from lakeward.quality.outliers import OUTLIER_PREDICATES
from lakeward.quality.records import RECORD_PREDICATES
from lakeward.quality.scope import Kwargs, Predicate, Scope, column_predicate
from lakeward.quality.texts import TEXT_PREDICATES


def _not_null_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    return Predicate(scope.columns[kwargs["column"]].missing)


def _null_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    return Predicate(f"NOT ({scope.columns[kwargs['column']].missing})")


def _between_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    return column_predicate(outside(column.value, kwargs, lambda value: scope.literal(value, column)), column)


def _in_set_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = scope.literal_list(kwargs["value_set"], column)
    return column_predicate(f"{column.value} NOT IN ({listed})" if listed else f"{column.value} IS NOT NULL", column)


def _not_in_set_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = scope.literal_list(kwargs["value_set"], column)
    return column_predicate(f"{column.value} IN ({listed})" if listed else "FALSE", column)


PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_values_to_not_be_null": _not_null_predicate,
    "expect_column_values_to_be_null": _null_predicate,
    "expect_column_values_to_be_between": _between_predicate,
    "expect_column_values_to_be_in_set": _in_set_predicate,
    "expect_column_values_to_not_be_in_set": _not_in_set_predicate,
    **TEXT_PREDICATES,
    **ORDER_PREDICATES,
    **OUTLIER_PREDICATES,
    **RECORD_PREDICATES,
}
