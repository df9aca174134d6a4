"""Row expectations as predicates: `(fails, evaluated)`, NULL never failing, as Great Expectations on pandas has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.sql import literal as text
from lakeward.quality.convert import NUMBERS, Converted
from lakeward.quality.literals import literal
from lakeward.quality.patterns import to_re2
from lakeward.quality.rule import Rule

Kwargs = Mapping[str, Any]
Predicate = tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule can see.

    Args:
        columns: The contract's columns, in order.
        zone: Zone of naive times in the rule's arguments.
    """

    columns: Mapping[str, Converted]
    zone: str | None

    def literal(self, value: Any, column: Converted) -> str:
        """SQL of `value`, to compare with `column`."""
        return literal(value, column.column.type, self.zone)


def present(rule: Rule, scope: Scope) -> str:
    """SQL that is true where a row is evaluated: `ignore_row_if` of rules on several columns, a value of rules on one."""
    return (
        f"NOT ({_ignored([scope.columns[c] for c in rule.columns], rule.kwargs.get('ignore_row_if', 'all_values_are_missing'))})"
    )


def _ignored(columns: list[Converted], ignore_row_if: str) -> str:
    nulls = [f"{column.value} IS NULL" for column in columns]
    if ignore_row_if in ("all_values_are_missing", "both_values_are_missing"):
        return " AND ".join(nulls)
    if ignore_row_if in ("any_value_is_missing", "either_value_is_missing"):
        return " OR ".join(nulls)
    return "FALSE"


def _mapped(fails: str, column: Converted) -> Predicate:
    return fails, f"count({column.value})"


def _not_null(kwargs: Kwargs, scope: Scope) -> Predicate:
    return scope.columns[kwargs["column"]].missing, "count(*)"


def _null(kwargs: Kwargs, scope: Scope) -> Predicate:
    return f"NOT ({scope.columns[kwargs['column']].missing})", "count(*)"


def _between(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    return _mapped(outside(column.value, kwargs, lambda value: scope.literal(value, column)), column)


def outside(value: str, kwargs: Kwargs, write: Callable[[Any], str]) -> str:
    """SQL that is true where `value` is not within the bounds of `kwargs`."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    sides = []
    if low is not None:
        sides.append(f"{value} {'<=' if kwargs.get('strict_min') else '<'} {write(low)}")
    if high is not None:
        sides.append(f"{value} {'>=' if kwargs.get('strict_max') else '>'} {write(high)}")
    return " OR ".join(sides)


def _in_set(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = _listed(kwargs, scope, column)
    return _mapped(f"{column.value} NOT IN ({listed})" if listed else f"{column.value} IS NOT NULL", column)


def _not_in_set(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    listed = _listed(kwargs, scope, column)
    return _mapped(f"{column.value} IN ({listed})" if listed else "FALSE", column)


def _listed(kwargs: Kwargs, scope: Scope, column: Converted) -> str:
    return ", ".join(scope.literal(value, column) for value in kwargs["value_set"] if value is not None)


def _regex(*, wanted: bool) -> Callable[[Kwargs, Scope], Predicate]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
        listed = kwargs.get("regex_list") or [kwargs.get("regex", "(?s).*")]
        column = scope.columns[kwargs["column"]]
        patterns = [to_re2(pattern) for pattern in listed]
        if column.column.type.kind is not Kind.STRING or None in patterns:
            return None
        matches = [f"regexp_matches({column.value}, {text(pattern or '')})" for pattern in patterns]
        joined = _joined(matches, kwargs)
        return _mapped(f"NOT ({joined})" if wanted else joined, column)

    return predicate


def _like(*, wanted: bool) -> Callable[[Kwargs, Scope], Predicate]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
        column = scope.columns[kwargs["column"]]
        if column.column.type.kind is not Kind.STRING:
            return None
        escape = f" ESCAPE {text(kwargs['escape'])}" if kwargs.get("escape") else ""
        listed = kwargs.get("like_pattern_list") or [kwargs["like_pattern"]]
        joined = _joined([f"{column.value} LIKE {text(pattern)}{escape}" for pattern in listed], kwargs)
        return _mapped(f"NOT ({joined})" if wanted else joined, column)

    return predicate


def _joined(matches: list[str], kwargs: Kwargs) -> str:
    return (" AND " if kwargs.get("match_on") == "all" else " OR ").join(matches)


def _lengths(kwargs: Kwargs, scope: Scope) -> Predicate:
    column = scope.columns[kwargs["column"]]
    if column.column.type.kind is not Kind.STRING:
        return None
    bounds = {"min_value": kwargs["value"], "max_value": kwargs["value"]} if "value" in kwargs else kwargs
    return _mapped(outside(f"length({column.value})", bounds, repr), column)


def _pair(operator: Callable[[Kwargs], str]) -> Callable[[Kwargs, Scope], Predicate]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate:
        pair = [scope.columns[kwargs["column_A"]], scope.columns[kwargs["column_B"]]]
        if not _comparable(pair):
            return None
        holds = f"coalesce({pair[0].value} {operator(kwargs)} {pair[1].value}, FALSE)"
        return _records(pair, kwargs.get("ignore_row_if", "both_values_are_missing"), f"NOT {holds}")

    return predicate


def _records(columns: list[Converted], ignore_row_if: str, fails: str) -> Predicate:
    ignored = _ignored(columns, ignore_row_if)
    return f"NOT ({ignored}) AND {fails}", f"count_if(NOT ({ignored}))"


def _comparable(columns: list[Converted]) -> bool:
    kinds = {column.column.type.kind for column in columns}
    return len(kinds) == 1 or kinds <= NUMBERS


def _sum(kwargs: Kwargs, scope: Scope) -> Predicate:
    columns = [scope.columns[c] for c in kwargs["column_list"]]
    if not {column.column.type.kind for column in columns} <= NUMBERS:
        return None
    total = " + ".join(f"coalesce({column.value}, 0)" for column in columns)
    wanted = scope.literal(kwargs["sum_total"], columns[0])
    return _records(columns, kwargs.get("ignore_row_if", "all_values_are_missing"), f"{total} <> {wanted}")


def _unique_within(kwargs: Kwargs, scope: Scope) -> Predicate:
    columns = [scope.columns[c] for c in kwargs["column_list"]]
    if not _comparable(columns):
        return None
    same = " OR ".join(f"{a.value} IS NOT DISTINCT FROM {b.value}" for a, b in combinations(columns, 2))
    return _records(columns, kwargs.get("ignore_row_if", "all_values_are_missing"), f"({same})")


PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_match_regex": _regex(wanted=True),
    "expect_column_values_to_match_regex_list": _regex(wanted=True),
    "expect_column_values_to_not_match_regex": _regex(wanted=False),
    "expect_column_values_to_not_match_regex_list": _regex(wanted=False),
    "expect_column_values_to_match_like_pattern": _like(wanted=True),
    "expect_column_values_to_match_like_pattern_list": _like(wanted=True),
    "expect_column_values_to_not_match_like_pattern": _like(wanted=False),
    "expect_column_values_to_not_match_like_pattern_list": _like(wanted=False),
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _lengths,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair(lambda kwargs: ">=" if kwargs.get("or_equal") else ">"),
    "expect_column_pair_values_to_be_equal": _pair(lambda _: "="),
    "expect_multicolumn_sum_to_equal": _sum,
    "expect_select_column_values_to_be_unique_within_record": _unique_within,
}
