"""Checks the arguments of sensor rules by the shapes in the catalogue."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from lakeward.core.messages import Phrase

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
SERIES_SHAPES: Mapping[str, tuple[Phrase, Callable[[Any], bool]]] = {
    "any": (Phrase("phrase_condition"), lambda value: value is not None),
    "column": (Phrase("phrase_column"), lambda value: isinstance(value, str)),
    "columns": (Phrase("phrase_names"), _is_names),
    "few": (
        Phrase("phrase_whole_between", low=1, high=MOST_READINGS),
        lambda value: type(value) is int and 1 <= value <= MOST_READINGS,
    ),
    "flag": (Phrase("phrase_flag"), lambda value: isinstance(value, bool)),
    "list": (Phrase("phrase_list"), lambda value: isinstance(value, list) and len(value) > 0),
    "names": (Phrase("phrase_names"), _is_names),
    "not_negative": (Phrase("phrase_not_negative"), lambda value: _is_number(value) and value >= 0),
    "number": (Phrase("phrase_number"), _is_number),
    "pattern": (Phrase("phrase_pattern"), _is_pattern),
    "positive": (Phrase("phrase_positive"), lambda value: _is_number(value) and value > 0),
    "ranges": (Phrase("phrase_state_ranges"), _are_ranges),
    "share": (Phrase("phrase_share"), lambda value: _is_number(value) and 0 <= value <= 1),
    "text": (Phrase("phrase_text"), lambda value: isinstance(value, str)),
}
