"""Expectations of the columns themselves: decided from the contract, `(passed, observed)`, without a query."""

from collections.abc import Callable, Mapping

from lakeward.quality.catalogue import type_kinds
from lakeward.quality.predicates import Kwargs, Scope

Decision = tuple[bool, str] | None


def _exists(kwargs: Kwargs, scope: Scope) -> Decision:
    place, names = kwargs.get("column_index"), list(scope.columns)
    found = names.index(kwargs["column"])
    return (place is None or found == place), f"column {found} of {len(names)}"


def _of_type(kwargs: Kwargs, scope: Scope) -> Decision:
    wanted = kwargs.get("type_list") or [kwargs.get("type_")]
    kinds = [type_kinds().get(str(name).upper().partition("(")[0]) for name in wanted]
    if None in kinds:
        return None
    kind = scope.columns[kwargs["column"]].column.type.kind
    return kind in kinds, str(kind)


def _match_set(kwargs: Kwargs, scope: Scope) -> Decision:
    wanted, found = set(kwargs.get("column_set") or ()), set(scope.columns)
    passed = wanted == found if kwargs.get("exact_match", True) else wanted <= found
    return passed, f"{len(wanted & found)} of {len(wanted)} columns found, {len(found - wanted)} more"


def _match_list(kwargs: Kwargs, scope: Scope) -> Decision:
    return list(kwargs.get("column_list") or ()) == list(scope.columns), f"{len(scope.columns)} columns"


def _count(kwargs: Kwargs, scope: Scope) -> Decision:
    found = len(scope.columns)
    low, high = kwargs.get("value", kwargs.get("min_value")), kwargs.get("value", kwargs.get("max_value"))
    return (low is None or found >= low) and (high is None or found <= high), str(found)


SCHEMAS: Mapping[str, Callable[[Kwargs, Scope], Decision]] = {
    "expect_column_to_exist": _exists,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_column_values_to_be_in_type_list": _of_type,
    "expect_column_type_to_be": _of_type,
    "expect_table_columns_to_match_set": _match_set,
    "expect_table_columns_to_match_ordered_list": _match_list,
    "expect_table_column_count_to_be_between": _count,
    "expect_table_column_count_to_equal": _count,
}
