"""Row expectations on the values of one column as predicates, NULL never failing, as Great Expectations on pandas has it."""

from collections.abc import Callable, Mapping

from lakeward.quality.bounds import outside
from lakeward.quality.order import ORDERED
from lakeward.quality.records import RECORDS
from lakeward.quality.scope import Kwargs, Predicate, Scope, mapped
from lakeward.quality.spread import SPREAD
from lakeward.quality.texts import TEXTS


def _not_null(kwargs: Kwargs, scope: Scope) -> Predicate:
    return Predicate(scope.columns[kwargs["column"]].missing)


def _null(kwargs: Kwargs, scope: Scope) -> Predicate:
    return Predicate(f"NOT ({scope.columns[kwargs['column']].missing})")


def _between(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    return mapped(outside(column.value, kwargs, lambda value: scope.literal(value, column)), column)


def _in_set(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = scope.listed(kwargs["value_set"], column)
    return mapped(f"{column.value} NOT IN ({listed})" if listed else f"{column.value} IS NOT NULL", column)


def _not_in_set(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = scope.listed(kwargs["value_set"], column)
    return mapped(f"{column.value} IN ({listed})" if listed else "FALSE", column)


PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    **TEXTS,
    **ORDERED,
    **SPREAD,
    **RECORDS,
}
