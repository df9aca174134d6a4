"""Expectations on the columns themselves, decided from the contract without a query.

Each returns whether it passed, the text for the verdict, and the observed value of Great Expectations.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lakeward.quality.catalogue import type_kinds
from lakeward.quality.scope import Kwargs, Scope

SchemaDecision = tuple[bool, str, Any] | None


def _exists(kwargs: Kwargs, scope: Scope) -> SchemaDecision:
    expected_index, names = kwargs.get("column_index"), list(scope.columns)
    if kwargs["column"] not in names:
        return False, f"none of {len(names)} columns", None
    found = names.index(kwargs["column"])
    return (expected_index is None or found == expected_index), f"column {found} of {len(names)}", None


def _of_type(kwargs: Kwargs, scope: Scope) -> SchemaDecision:
    type_names = kwargs.get("type_list") or [kwargs.get("type_")]
    kinds = [type_kinds().get(str(name).upper().partition("(")[0]) for name in type_names]
    if None in kinds:
        return None
    kind = scope.columns[kwargs["column"]].column.type.kind
    return kind in kinds, str(kind), str(kind)


def _match_set(kwargs: Kwargs, scope: Scope) -> SchemaDecision:
    expected, found = set(kwargs.get("column_set") or ()), set(scope.columns)
    passed = expected == found if kwargs.get("exact_match", True) else expected <= found
    return passed, f"{len(expected & found)} of {len(expected)} columns found, {len(found - expected)} more", sorted(found)


def _match_list(kwargs: Kwargs, scope: Scope) -> SchemaDecision:
    expected, found = kwargs.get("column_list"), list(scope.columns)
    return expected is None or list(expected) == found, f"{len(found)} columns", found


def _count(kwargs: Kwargs, scope: Scope) -> SchemaDecision:
    found = len(scope.columns)
    low, high = kwargs.get("value", kwargs.get("min_value")), kwargs.get("value", kwargs.get("max_value"))
    return (low is None or found >= low) and (high is None or found <= high), str(found), found


SCHEMA_DECISIONS: Mapping[str, Callable[[Kwargs, Scope], SchemaDecision]] = {
    "expect_column_to_exist": _exists,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_column_values_to_be_in_type_list": _of_type,
    "expect_column_type_to_be": _of_type,
    "expect_table_columns_to_match_set": _match_set,
    "expect_table_columns_to_match_ordered_list": _match_list,
    "expect_table_column_count_to_be_between": _count,
    "expect_table_column_count_to_equal": _count,
}
