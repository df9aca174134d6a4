"""Reads `Condition` objects of Great Expectations 1.x in suites."""

from collections.abc import Mapping
from typing import Any

from lakeward.core.messages import Phrase
from lakeward.quality.conditions.tree import OPERATORS, And, Comparison, Condition, Membership, NullTest, Or

EXPECTED = Phrase("phrase_condition_object")
MEMBERSHIP_OPERATORS = {"IN": True, "NOT_IN": False}


def from_objects(entry: Any) -> Condition:
    """The tree of one object.

    Raises:
        ValueError: It is not an object of Great Expectations.
    """
    try:
        if entry["type"] in ("and", "or"):
            parts = tuple(from_objects(part) for part in entry["conditions"])
            return And(parts) if entry["type"] == "and" else Or(parts)
        return _leaf(entry, entry["column"]["name"])
    except (KeyError, TypeError):
        raise ValueError(EXPECTED) from None


def _leaf(entry: Mapping[str, Any], column: Any) -> Condition:
    if not isinstance(column, str):
        raise TypeError
    if entry["type"] == "nullity":
        return NullTest(column, bool(entry["is_null"]))
    operator, parameter = entry["operator"], entry["parameter"]
    if entry["type"] != "comparison" or parameter is None:
        raise TypeError
    if operator in MEMBERSHIP_OPERATORS and isinstance(parameter, list):
        return Membership(column, tuple(parameter), MEMBERSHIP_OPERATORS[operator])
    if operator not in OPERATORS or isinstance(parameter, list | dict):
        raise TypeError
    return Comparison(column, operator, parameter)
