"""Row expectations on several columns of a row, and the rows that they ignore (`ignore_row_if`)."""

from collections.abc import Callable, Mapping
from itertools import combinations

from lakeward.contracts.model import Kind
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.number_texts import NUMBERS
from lakeward.quality.rule import Rule
from lakeward.quality.scope import Kwargs, Predicate, Scope, comparable

# Values of `ignore_row_if`: for pairs, then for more columns, as in Great Expectations.
ALL_MISSING = ("both_values_are_missing", "all_values_are_missing")
ANY_MISSING = ("either_value_is_missing", "any_value_is_missing")
NEVER = ("neither", "never")


def evaluated_condition(rule: Rule, scope: Scope) -> str:
    """SQL condition: a rule of uniqueness evaluates the row. By default it ignores rows with all columns missing."""
    columns = [scope.columns[column] for column in rule.columns]
    return scope.within(f"NOT ({_ignore_condition(columns, rule.kwargs)})")


def _ignore_condition(columns: list[ConvertedColumn], kwargs: Kwargs) -> str:
    word, nulls = kwargs.get("ignore_row_if") or ALL_MISSING[0], [f"{column.value} IS NULL" for column in columns]
    if word in NEVER:
        return "FALSE"
    return (" OR " if word in ANY_MISSING else " AND ").join(nulls)


def _record_predicate(columns: list[ConvertedColumn], kwargs: Kwargs, fails: str) -> Predicate:
    ignored = _ignore_condition(columns, kwargs)
    return Predicate(f"NOT ({ignored}) AND {fails}", f"NOT ({ignored})")


def _pair_columns(kwargs: Kwargs, scope: Scope) -> list[ConvertedColumn]:
    return [scope.columns[kwargs["column_A"]], scope.columns[kwargs["column_B"]]]


def _pair_predicate(operator: Callable[[Kwargs], str]) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        pair = _pair_columns(kwargs, scope)
        if not comparable(pair):
            return None
        return _record_predicate(pair, kwargs, f"NOT coalesce({pair[0].value} {operator(kwargs)} {pair[1].value}, FALSE)")

    return predicate


def _pair_in_set_predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
    pair = _pair_columns(kwargs, scope)
    listed = [
        " AND ".join(_equals(column, value, scope) for column, value in zip(pair, values, strict=True))
        for values in kwargs["value_pairs_set"]
    ]
    return _record_predicate(pair, kwargs, f"NOT ({' OR '.join(f'({both})' for both in listed) or 'FALSE'})")


def _equals(column: ConvertedColumn, value: object, scope: Scope) -> str:
    return f"{column.value} IS NOT DISTINCT FROM {'NULL' if value is None else scope.literal(value, column)}"


def _sum_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    columns = [scope.columns[c] for c in kwargs["column_list"]]
    kinds = {column.column.type.kind for column in columns}
    if not kinds <= NUMBERS:
        return None
    # A sum of large integers must not fail the query, also if a double follows.
    type_ = "DECIMAL(38,0)" if kinds == {Kind.INTEGER} else "DOUBLE" if Kind.DOUBLE in kinds else None
    total = " + ".join(f"CAST({c.value} AS {type_})" if type_ else c.value for c in columns)
    widest = next((column for column in columns if column.column.type.kind is Kind.DOUBLE), columns[0])
    return _record_predicate(columns, kwargs, f"coalesce({total} <> {scope.literal(kwargs['sum_total'], widest)}, TRUE)")


def _unique_within_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    columns = [scope.columns[c] for c in kwargs["column_list"]]
    if not comparable(columns):
        return None
    same = " OR ".join(f"{a.value} IS NOT DISTINCT FROM {b.value}" for a, b in combinations(columns, 2))
    return _record_predicate(columns, kwargs, f"({same or 'FALSE'})")


def _equal_within_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    first, *others = [scope.columns[c] for c in kwargs["column_list"]]
    if not comparable([first, *others]):
        return None
    differ = " OR ".join(f"{first.value} IS DISTINCT FROM {other.value}" for other in others)
    return _record_predicate([first, *others], kwargs, f"({differ or 'FALSE'})")


RECORD_PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_pair_values_a_to_be_greater_than_b": _pair_predicate(lambda kwargs: ">=" if kwargs.get("or_equal") else ">"),
    "expect_column_pair_values_to_be_equal": _pair_predicate(lambda _: "="),
    "expect_column_pair_values_to_be_in_set": _pair_in_set_predicate,
    "expect_multicolumn_sum_to_equal": _sum_predicate,
    "expect_multicolumn_values_to_be_equal": _equal_within_predicate,
    "expect_select_column_values_to_be_unique_within_record": _unique_within_predicate,
}
