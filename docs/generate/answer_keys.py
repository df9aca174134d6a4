"""The keys of an answer's JSON with their values and meanings, from its class: what is said of a field is said of its key."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from generate.answer_samples import samples
from generate.markdown import code

ARGUMENT = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*)$")
KINDS = ((bool, "true or false"), (int | float, "number"), (str, "text"), (dict, "mapping"))


def purpose(kind: type) -> str:
    """What an answer of this class is."""
    said = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return re.sub(r"\bNone\b", "null", said.replace("\n", " "))


def keys_of(kind: type, stored: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Key, value and meaning, for each key of the answer's JSON.

    Args:
        stored: What the columns mean that an answer may have read; it is said where the class says nothing.
    """
    shapes = [answer.as_dict() for answer in samples(kind)]
    merged = {key: value for shape in reversed(shapes) for key, value in shape.items()}
    order = dict.fromkeys(key for shape in shapes for key in shape)
    said, hints = _meanings(kind), _hints(kind)
    return [(code(key), _value(merged[key], hints.get(key)), said.get(key, stored.get(key, ""))) for key in order]


def _value(value: Any, hint: Any) -> str:
    parts = (hint, *typing.get_args(hint))
    words = next((part for part in parts if inspect.isclass(part) and issubclass(part, StrEnum)), None)
    shown = ", ".join(map(code, words)) if words else _listed(value) if isinstance(value, list | tuple) else _kind(value)
    return f"{shown}, or null" if type(None) in parts else shown


def _listed(value: Any) -> str:
    first = value[0] if value else None
    if isinstance(first, dict) and set(first) != {"text"}:
        return f"list of objects: {', '.join(map(code, first))}"
    return "list"


def _kind(value: Any) -> str:
    if isinstance(value, dict) and set(value) != {"text"}:
        return f"object: {', '.join(map(code, value))}"
    return next((name for kind, name in KINDS if isinstance(value, kind)), "text")


def _hints(kind: type) -> dict[str, Any]:
    """The types of fields: of the class first, then of the classes that it is made of."""
    return {name: hint for each in reversed(_classes(kind)) for name, hint in typing.get_type_hints(each).items()}


def _meanings(kind: type) -> dict[str, str]:
    """What docstrings say of fields: of the class first, then of the classes that it is made of."""
    found: dict[str, str] = {}
    for each in _classes(kind):
        for names, text in _arguments(inspect.getdoc(each) or ""):
            for name in names.split(", "):
                found.setdefault(name, re.sub(r"\bNone\b", "null", text))
    return found


def _arguments(doc: str) -> Iterator[tuple[str, str]]:
    """Names and text of each entry below `Args:`."""
    section = doc.partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.sub(r"\n {8}\s*", " ", section)
    yield from (match.groups() for line in entries.splitlines() if (match := ARGUMENT.match(line)))  # type: ignore[misc]


def _classes(kind: type) -> list[type]:
    """The class, and those of its fields that are written into its own JSON."""
    hints = typing.get_type_hints(kind)
    inner = [part for hint in hints.values() for part in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(part)]
    return [kind, *(part for part in inner if isinstance(part, type))]
