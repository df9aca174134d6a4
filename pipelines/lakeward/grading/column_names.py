"""What the names of a column say: its name, its header in the source, its comment, and the unit in either."""

import re
from collections.abc import Iterator

from lakeward.contracts.model import Column
from lakeward.core.units import guess_unit_from_name
from lakeward.grading.catalogue import Detector

_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s\-./]+")
_BRACKETS = re.compile(r"[(（\[【]([^)）\]】]{1,12})[)）\]】]")


def name_texts(column: Column) -> tuple[str, ...]:
    """Names and headers with parts between underscores; without the comment."""
    return tuple(_words(name) for name in {column.name: None, **dict.fromkeys(column.source_names)})


def _words(name: str) -> str:
    return _SEPARATORS.sub("_", _CAMEL_CASE.sub("_", _BRACKETS.sub("", name).strip()))


def is_named(column: Column, detector: Detector) -> bool:
    """Whether a name, header or comment supports the detector, alone or with a unit, and none speaks against it."""
    names = name_texts(column)
    if is_against(column, detector):
        return False
    if any(detector.names.search(text) for text in (*names, column.name, *column.source_names, column.description)):
        return True
    named = detector.unit_names is not None and any(detector.unit_names.search(text) for text in (*names, column.description))
    return named and any(unit in detector.units for unit in _units(column))


def is_against(column: Column, detector: Detector) -> bool:
    """Whether a name or header excludes the detector."""
    return detector.against is not None and any(detector.against.search(text) for text in name_texts(column))


def _units(column: Column) -> Iterator[str]:
    if column.unit:
        yield column.unit
    for name in (column.name, *column.source_names):
        found = guess_unit_from_name(name)
        if found:
            yield found.code
