"""Members of sampled JSON records by their names in a contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lakeward.contracts.payload import ENVELOPE_MARK, POINTER_MARK

# Levels of objects in objects whose members are columns; deeper ones are JSON text.
_DEPTH = 3


def json_records(document: Any) -> Iterator[Mapping[str, Any]]:
    """The objects in a document: itself, or those of its list."""
    items = document if isinstance(document, list) else [document]
    yield from (item for item in items if isinstance(item, dict))


def is_wrapper(record: Mapping[str, Any]) -> bool:
    """Whether the object holds nothing but a list of objects."""
    [value] = record.values() if len(record) == 1 else [None]
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def json_members(record: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of members in the source: of those in inner objects, pointers."""
    for key, value in record.items():
        path = (*above, key)
        if isinstance(value, dict) and value and len(path) < _DEPTH:
            yield from json_members(value, path)
        else:
            yield key if len(path) == 1 and not key.startswith((ENVELOPE_MARK, POINTER_MARK)) and key else json_pointer(path)


def json_pointer(path: Sequence[str]) -> str:
    """The JSON pointer (RFC 6901) of a path of keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
