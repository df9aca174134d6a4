"""Expectations of the columns themselves: decided from the contract, without a query.

Each gives whether it passed, what a verdict may show of that, and what Great Expectations observes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lakeward.quality.catalogue import type_kinds
from lakeward.quality.scope import Kwargs, Scope

Decision = tuple[bool, str, Any] | None


def _exists(kwargs: Kwargs, scope: Scope) -> Decision:
    place, names = kwargs.get("column_index"), list(scope.columns)
    if kwargs["column"] not in names:
        return False, f"none of {len(names)} columns", None
    found = names.index(kwargs["column"])
    return (place is None or found == place), f"column {found} of {len(names)}", None


def _of_type(kwargs: Kwargs, scope: Scope) -> Decision:
    wanted = kwargs.get("type_list") or [kwargs.get("type_")]
    kinds = [type_kinds().get(str(name).upper().partition("(")[0]) for name in wanted]
    if None in kinds:
        return None
    kind = scope.columns[kwargs["column"]].column.type.kind
    return kind in kinds, str(kind), str(kind)


def _match_set(kwargs: Kwargs, scope: Scope) -> Decision:
    wanted, found = set(kwargs.get("column_set") or ()), set(scope.columns)
    passed = wanted == found if kwargs.get("exact_match", True) else wanted <= found
    return passed, f"{len(wanted & found)} of {len(wanted)} columns found, {len(found - wanted)} more", sorted(found)


def _match_list(kwargs: Kwargs, scope: Scope) -> Decision:
    wanted, found = kwargs.get("column_list"), list(scope.columns)
    return wanted is None or list(wanted) == found, f"{len(found)} columns", found


def _count(kwargs: Kwargs, scope: Scope) -> Decision:
    found = len(scope.columns)
    low, high = kwargs.get("value", kwargs.get("min_value")), kwargs.get("value", kwargs.get("max_value"))
    return (low is None or found >= low) and (high is None or found <= high), str(found), found


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
