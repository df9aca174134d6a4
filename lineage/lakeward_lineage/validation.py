"""Checks an event of another program against the model that `openlineage-python` was generated from.

The core of the event is checked, and each facet that the library knows, by its name or by its `_schemaURL`; other facets
are only checked for the two keys that every facet has. Imported at the first check: the library takes a third of a second.
"""

import functools
import inspect
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from types import ModuleType, NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin
from uuid import UUID

import attr
from openlineage.client import facet_v2
from openlineage.client.event_v2 import DatasetEvent, JobEvent, RunEvent
from openlineage.client.generated.base import (
    BaseFacet,
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
)

from lakeward_lineage.errors import LineageError

# Keys that the standard requires and the library fills in.
_EVENT_KEYS: Final = ("eventTime", "producer", "schemaURL")
_FACET_KEYS: Final = ("_producer", "_schemaURL")
# The kind of a facet -> the end of the names of its classes.
_KINDS: Final[dict[type, str]] = {
    InputDatasetFacet: "InputDatasetFacet",
    OutputDatasetFacet: "OutputDatasetFacet",
    DatasetFacet: "DatasetFacet",
    RunFacet: "RunFacet",
    JobFacet: "JobFacet",
}
_NAMES: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list", dict: "an object"}
# Nesting of a facet that is checked; deeper values are kept unchecked.
_DEPTH: Final = 32


def check_openlineage_event(event: object) -> None:
    """Check that `event` is a RunEvent, JobEvent or DatasetEvent of OpenLineage, with valid facets.

    Raises:
        LineageError: It is not; with the place, what is expected there and the kind of value that was found.
    """
    if not isinstance(event, Mapping):
        raise _fault("", "an object", event)
    _check_text(event, "")
    for key in _EVENT_KEYS:
        _check_present(event, key, "")
    _check(event, _event_class(event), "", 0)
    _check_time(event["eventTime"])
    run = event.get("run")
    if isinstance(run, Mapping):
        _check_run_id(run["runId"])


def _event_class(event: Mapping[str, Any]) -> type:
    if "run" in event:
        return RunEvent
    return DatasetEvent if "dataset" in event else JobEvent


def _check_time(value: str) -> None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise LineageError("event_not_valid", place="eventTime", expected="a time in ISO 8601", found="another text") from None
    if at.tzinfo is None or "t" not in value.lower():
        raise LineageError(
            "event_not_valid", place="eventTime", expected="date and time with a zone", found="a time without a zone"
        )
    try:
        at.astimezone(UTC)
    except OverflowError:
        expected = "a time from the year 1 to 9999 in UTC"
        raise LineageError("event_not_valid", place="eventTime", expected=expected, found="a time beyond them") from None


def _check_run_id(value: str) -> None:
    try:
        UUID(value)
    except ValueError:
        raise LineageError("event_not_valid", place="run.runId", expected="a UUID", found="another text") from None


def _check_text(value: object, place: str) -> None:
    """Texts must be storable: neither NUL nor half of a surrogate pair."""
    waiting = [(place, value)]
    while waiting:
        at, item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item or (not item.isascii() and any("\ud800" <= letter <= "\udfff" for letter in item)):
                raise LineageError("event_not_valid", place=at or "event", expected="Unicode text", found="NUL or a surrogate")
        elif isinstance(item, Mapping):
            waiting += [(at, key) for key in item] + [(_join(at, key), inner) for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [(f"{at}[{number}]", inner) for number, inner in enumerate(item)]


def _check(value: object, kind: Any, place: str, depth: int) -> None:
    """Check one value against a type of the model."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or kind is object or depth > _DEPTH:
        return
    if origin in (Union, UnionType):
        _check_choice(value, inner, place, depth)
    elif origin is list:
        _check_kind(value, list, place)
        for number, item in enumerate(value if isinstance(value, list) else ()):
            _check(item, inner[0], f"{place}[{number}]", depth + 1)
    elif origin is dict:
        _check_mapping(value, inner[1], place, depth)
    else:
        _check_single(value, kind, place, depth)


def _check_single(value: object, kind: Any, place: str, depth: int) -> None:
    if attr.has(kind):
        _check_object(value, kind, place, depth)
    elif inspect.isclass(kind) and issubclass(kind, Enum):
        if value not in {member.value for member in kind}:
            raise _fault(place, ", ".join(str(member.value) for member in kind), value)
    else:
        _check_kind(value, kind, place)


def _check_choice(value: object, kinds: tuple[Any, ...], place: str, depth: int) -> None:
    if value is None and NoneType in kinds:
        return None
    faults = []
    for kind in (each for each in kinds if each is not NoneType):
        try:
            return _check(value, kind, place, depth)
        except LineageError as error:
            faults.append(error)
    raise faults[0]


def _check_mapping(value: object, kind: Any, place: str, depth: int) -> None:
    _check_kind(value, dict, place)
    assert isinstance(value, Mapping)
    is_facets = inspect.isclass(kind) and issubclass(kind, BaseFacet)
    for key, item in value.items():
        where = _join(place, key)
        if is_facets:
            _check_facet(key, item, kind, where)
        else:
            _check(item, kind, where, depth + 1)


def _check_facet(key: str, facet: object, kind: type, place: str) -> None:
    if not isinstance(facet, Mapping):
        raise _fault(place, "an object", facet)
    for name in _FACET_KEYS:
        _check_present(facet, name, place)
        _check_kind(facet[name], str, _join(place, name))
    url = str(facet["_schemaURL"]).rpartition("/")[2].removesuffix(".json")
    known = _known_facets(kind)
    found = known.get(key) or known.get(url)
    if found and facet.get("_deleted") is not True:
        _check_object(facet, found, place, 0)


def _check_object(value: object, kind: Any, place: str, depth: int) -> None:
    if not isinstance(value, Mapping):
        raise _fault(place, "an object", value)
    for field in _fields(kind):
        if field.name in value:
            _check(value[field.name], field.type, _join(place, field.name), depth + 1)
        elif field.init and field.default is attr.NOTHING:
            _check_present(value, field.name, place)


@functools.cache
def _fields(kind: Any) -> tuple[Any, ...]:
    return tuple(attr.fields(attr.resolve_types(kind)))


@functools.cache
def _known_facets(kind: type) -> Mapping[str, type]:
    """The facets of this kind that the library knows, by their class and by the usual name of their key."""
    ending = _KINDS[kind]
    found: dict[str, type] = {}
    for name, facet in _facet_classes():
        if issubclass(facet, kind):
            stem = name.removesuffix(ending)
            found |= {name: facet, stem[:1].lower() + stem[1:]: facet}
    return found


def _facet_classes() -> Iterator[tuple[str, type]]:
    for module in vars(facet_v2).values():
        if isinstance(module, ModuleType):
            for name, kind in vars(module).items():
                if inspect.isclass(kind) and issubclass(kind, BaseFacet) and kind.__module__ == module.__name__:
                    yield name, kind


def _check_present(value: Mapping[str, Any], key: str, place: str) -> None:
    if key not in value:
        raise LineageError("event_not_valid", place=_join(place, key), expected="a value", found="nothing")


def _check_kind(value: object, kind: type, place: str) -> None:
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise _fault(place, _NAMES.get(kind, kind.__name__), value)


def _fault(place: str, expected: str, value: object) -> LineageError:
    """Never with the value itself: it may be a value of data."""
    found = "null" if value is None else _NAMES.get(type(value), type(value).__name__)
    return LineageError("event_not_valid", place=place or "event", expected=expected, found=found)


def _join(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)
