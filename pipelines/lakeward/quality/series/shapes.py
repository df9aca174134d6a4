"""Checks the arguments of sensor rules by the shapes in the catalogue."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

# A longer spike is a state of the process; each more reading needs two more neighbours per reading.
MOST_READINGS = 5


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(item, str) for item in value)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(item is None or _is_number(item) for item in value)


def _are_ranges(value: Any) -> bool:
    return isinstance(value, dict) and len(value) > 0 and all(_is_range(item) for item in value.values())


# Text for messages, and a test.
SERIES_SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "any": ("a condition", lambda value: value is not None),
    "column": ("a column's name", lambda value: isinstance(value, str)),
    "columns": ("a list of names", _is_names),
    "few": (f"a whole number from 1 to {MOST_READINGS}", lambda value: type(value) is int and 1 <= value <= MOST_READINGS),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "list": ("a list", lambda value: isinstance(value, list) and len(value) > 0),
    "names": ("a list of names", _is_names),
    "not_negative": ("a number, 0 or more", lambda value: _is_number(value) and value >= 0),
    "number": ("a number", _is_number),
    "pattern": ("a regular expression of Python", _is_pattern),
    "positive": ("a number above 0", lambda value: _is_number(value) and value > 0),
    "ranges": ('an object such as {"run": [0, 10], "*": [null, 1]}', _are_ranges),
    "share": ("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "text": ("a text", lambda value: isinstance(value, str)),
}
