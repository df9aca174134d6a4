"""Validates a document against the Open Data Contract Standard: unknown keys and wrong types.

A document that keeps the standard is known by `standard_types.json`, the keys and types of the official model. Any other is left
to the model itself, which takes 0.1 s of a command to import.
"""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from lakeward.contracts.document import Fault

ROOT = "OpenDataContractStandard"
# Name of a plain type -> the types that its values have here. A text is looked at on its own.
PLAIN: Mapping[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}


def standard_faults(data: Any) -> list[Fault]:
    """Faults of `data` against the standard, in no order."""
    if not isinstance(data, dict) or _has_type(data, ROOT):
        return []
    from lakeward.contracts.official_model import model_faults  # noqa: PLC0415 -- as above

    return model_faults(data)


@functools.cache
def standard_types() -> dict[str, dict[str, list[str]]]:
    """Mapping of the standard -> key -> types that its value may have beside null, as `official_model.model_types` names them."""
    file = resources.files(__package__) / "standard_types.json"
    types: dict[str, dict[str, list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    return types


def _has_type(value: object, name: str) -> bool:
    """Whether the value certainly has the type; False also where only the model can say."""
    if name.endswith("[]"):
        return type(value) is list and all(_has_type(item, name[:-2]) for item in value)
    if name == "any":
        return True
    if name == "text":
        return type(value) is str and _is_unicode(value)
    if name == "mapping":
        return type(value) is dict and all(_has_type(key, "text") for key in value)
    if name in PLAIN:
        return type(value) in PLAIN[name]
    known = standard_types()[name]
    return type(value) is dict and all(
        key in known and (inner is None or any(_has_type(inner, kind) for kind in known[key])) for key, inner in value.items()
    )


def _is_unicode(text: str) -> bool:
    """A surrogate, which YAML can escape, is no character."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
