"""The keys of an answer's JSON with their values and meanings, read from the docstrings of its class and of `as_dict`."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from generate.answer_samples import samples
from generate.markdown import code

ARGUMENT = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*)$")
KINDS = ((bool, "true or false"), (int | float, "number"), (str, "text"), (dict, "mapping"))


def purpose(kind: type) -> str:
    """The summary line of the class."""
    said = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return re.sub(r"\bNone\b", "null", said.replace("\n", " "))


def keys_of(kind: type) -> list[tuple[str, str, str]]:
    """Key, value and meaning, for each key of the answer's JSON; the meaning is empty if no docstring has one."""
    shapes = [answer.as_dict() for answer in samples(kind)]
    merged = {key: value for shape in reversed(shapes) for key, value in shape.items()}
    order = dict.fromkeys(key for shape in shapes for key in shape)
    said, hints = meanings_of(kind), hints_of(kind)
    return [(code(key), _value(merged[key], hints.get(key)), said.get(key, "")) for key in order]


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


def hints_of(kind: type) -> dict[str, Any]:
    """The types of fields: of the class first, then of the classes of its fields."""
    return {name: hint for each in reversed(_classes(kind)) for name, hint in typing.get_type_hints(each).items()}


def meanings_of(kind: type) -> dict[str, str]:
    """Meanings by key: from `Returns:` of `as_dict`, then from `Args:`; of the class first, then of the classes of its fields."""
    classes = _classes(kind)
    returned = [(each.as_dict, "Returns") for each in classes if hasattr(each, "as_dict")]
    found: dict[str, str] = {}
    for documented, section in (*returned, *((each, "Args") for each in classes)):
        for names, text in _entries(inspect.getdoc(documented) or "", section):
            for name in names.split(", "):
                found.setdefault(name, re.sub(r"\bNone\b", "null", text))
    return found


def _entries(doc: str, section: str) -> Iterator[tuple[str, str]]:
    """Names and text of each entry of a section of a docstring."""
    section = doc.partition(f"{section}:\n")[2].partition("\n\n")[0]
    entries = re.sub(r"\n {8}\s*", " ", section)
    yield from (match.groups() for line in entries.splitlines() if (match := ARGUMENT.match(line)))  # type: ignore[misc]


def _classes(kind: type) -> list[Any]:
    """The class, and the classes of its fields."""
    hints = typing.get_type_hints(kind)
    single = [hint for hint in hints.values() if typing.get_origin(hint) is not tuple]
    inner = [part for hint in single for part in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(part)]
    return [kind, *(part for part in inner if isinstance(part, type))]
