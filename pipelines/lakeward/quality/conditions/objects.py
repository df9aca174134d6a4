"""Conditions as Great Expectations 1.x writes its `Condition` objects into a suite."""

from collections.abc import Mapping
from typing import Any

from lakeward.quality.conditions.tree import OPERATORS, All, Compare, Condition, Member, Null, Some

EXPECTED = "a condition of type comparison, nullity, and, or"
MEMBERS = {"IN": True, "NOT_IN": False}


def from_objects(given: Any) -> Condition:
    """The tree of one object.

    Raises:
        ValueError: It is none that Great Expectations writes.
    """
    try:
        if given["type"] in ("and", "or"):
            parts = tuple(from_objects(part) for part in given["conditions"])
            return All(parts) if given["type"] == "and" else Some(parts)
        return _leaf(given, given["column"]["name"])
    except (KeyError, TypeError):
        raise ValueError(EXPECTED) from None


def _leaf(given: Mapping[str, Any], column: Any) -> Condition:
    if not isinstance(column, str):
        raise TypeError
    if given["type"] == "nullity":
        return Null(column, bool(given["is_null"]))
    operator, parameter = given["operator"], given["parameter"]
    if given["type"] != "comparison" or parameter is None:
        raise TypeError
    if operator in MEMBERS and isinstance(parameter, list):
        return Member(column, tuple(parameter), MEMBERS[operator])
    if operator not in OPERATORS or isinstance(parameter, list | dict):
        raise TypeError
    return Compare(column, operator, parameter)
