"""Validates a document against the Open Data Contract Standard: unknown keys and wrong types.

Uses the official model (package `open-data-contract-standard`), which itself checks unknown keys only at the top level.
"""

import functools
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from lakeward.contracts.document import Fault, KeyPath, safe_repr
from lakeward.core.settings import without_plugins
from lakeward.core.spelling import did_you_mean

with without_plugins():
    from open_data_contract_standard.model import OpenDataContractStandard

# Error type of the official model -> expected value for messages.
EXPECTED = {
    "string": "a text",
    "bool": "true or false",
    "list": "a list",
    "model": "a mapping",
    "dict": "a mapping",
    "int": "a whole number",
}


def standard_faults(data: Any) -> list[Fault]:
    """Faults of `data` against the standard, in no order."""
    if not isinstance(data, dict):
        return []
    return [*_unknown_key_faults(data, OpenDataContractStandard, ()), *_type_faults(data)]


@functools.cache
def _models_by_key(model: type[BaseModel]) -> dict[str, tuple[type[BaseModel], ...]]:
    """Key -> the models of mappings at or below it, the model of list items last; empty for plain or free values."""
    return {field.alias or name: tuple(_nested_models(field.annotation)) for name, field in model.model_fields.items()}


def _nested_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _nested_models(inner)


def _unknown_key_faults(value: Any, model: type[BaseModel], key_path: KeyPath) -> Iterator[Fault]:
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from _unknown_key_faults(item, model, (*key_path, at))
    if not isinstance(value, dict):
        return
    known = _models_by_key(model)
    for key, inner in value.items():
        if key not in known:
            yield Fault((*key_path, key), "contract_unknown_key", {"key": safe_repr(key), "close": did_you_mean(key, known)})
        elif below := known[key]:
            yield from _unknown_key_faults(inner, below[-1 if isinstance(inner, list) else 0], (*key_path, key))


def _type_faults(data: dict[str, Any]) -> Iterator[Fault]:
    try:
        OpenDataContractStandard.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            kind = str(detail["type"]).partition("_")[0]
            if kind != "extra":
                yield _type_fault(data, detail["loc"], EXPECTED.get(kind, "another kind of value"))


def _type_fault(data: Any, location: tuple[int | str, ...], expected: str) -> Fault:
    """The model's location also contains branches of unions, which are not part of the document."""
    steps: list[int | str] = []
    for step in location:
        if step in (data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()):
            data = data[step]
            steps.append(step)
    return Fault(
        tuple(steps), "contract_value", {"key": str(steps[-1]) if steps else "", "expected": expected, "found": safe_repr(data)}
    )
