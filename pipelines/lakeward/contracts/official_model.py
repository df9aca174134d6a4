"""Faults of a document against the official model of the Open Data Contract Standard: unknown keys and wrong types.

The model (package `open-data-contract-standard`) itself checks unknown keys only at the top level. Its import takes 0.1 s of a
command, so only `standard` imports this module, and only for a document with a fault.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from lakeward.contracts.document import Fault, KeyPath, safe_repr
from lakeward.core.messages import Phrase
from lakeward.core.settings import without_plugins
from lakeward.core.spelling import did_you_mean

with without_plugins():
    from open_data_contract_standard.model import OpenDataContractStandard

# Error type of the official model -> expected value for messages.
EXPECTED: Mapping[str, Phrase] = {
    "string": Phrase("phrase_text"),
    "bool": Phrase("phrase_flag"),
    "list": Phrase("phrase_list"),
    "model": Phrase("phrase_mapping"),
    "dict": Phrase("phrase_mapping"),
    "int": Phrase("phrase_whole"),
}


# Type of a plain value -> its name in `standard_types.json`.
PLAIN_TYPES = {str: "text", int: "integer", float: "number", bool: "boolean", Any: "any"}


def model_faults(data: dict[str, Any]) -> list[Fault]:
    """Faults of `data` against the model, in no order."""
    return [*_unknown_key_faults(data, OpenDataContractStandard, ()), *_type_faults(data)]


def model_types() -> dict[str, dict[str, list[str]]]:
    """What `standard_types.json` holds: mapping of the standard -> key -> types that its value may have beside null.

    A list of a type is `type[]`, a mapping of the standard has its own name. Keys whose values have limits are left out.
    """
    pending: list[type[BaseModel]] = [OpenDataContractStandard]
    types: dict[str, dict[str, list[str]]] = {}
    while pending:
        model = pending.pop()
        if model.__name__ not in types:
            fields = {field.alias or name: field for name, field in model.model_fields.items() if not field.metadata}
            types[model.__name__] = {key: list(_type_names(field.annotation)) for key, field in fields.items()}
            pending += [nested for field in model.model_fields.values() for nested in _nested_models(field.annotation)]
    return dict(sorted(types.items()))


def _type_names(annotation: Any) -> Iterator[str]:
    if annotation in PLAIN_TYPES:
        yield PLAIN_TYPES[annotation]
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation.__name__
    elif get_origin(annotation) is dict:
        yield "mapping"
    elif get_origin(annotation) is list:
        yield from (f"{name}[]" for inner in get_args(annotation) for name in _type_names(inner))
    else:
        for inner in get_args(annotation):
            yield from _type_names(inner)


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
                yield _type_fault(data, detail["loc"], EXPECTED.get(kind, Phrase("phrase_other_kind")))


def _type_fault(data: Any, location: tuple[int | str, ...], expected: Phrase) -> Fault:
    """The model's location also contains branches of unions, which are not part of the document."""
    steps: list[int | str] = []
    for step in location:
        if step in (data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()):
            data = data[step]
            steps.append(step)
    return Fault(
        tuple(steps), "contract_value", {"key": str(steps[-1]) if steps else "", "expected": expected, "found": safe_repr(data)}
    )
