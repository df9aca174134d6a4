"""The OpenAPI document of the portal's API, from its addresses and from the classes that the flows answer with."""

import json
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from generate.answer_keys import hints_of, meanings_of, purpose
from generate.answer_samples import answers_of, samples
from lakeward import flows
from lakeward.portal.api.endpoints import ENDPOINTS, PREFIX, Endpoint, ParameterKind
from lakeward.portal.page import EVERYONE

KINDS: Mapping[ParameterKind, str] = {
    ParameterKind.TEXT: "string",
    ParameterKind.NUMBER: "integer",
    ParameterKind.FLAG: "boolean",
}
FAULTS = {
    "400": "A parameter is unknown or not of its form, or something that it names does not exist.",
    "401": "There is no valid access token.",
    "403": "The account has none of the roles, or may not see it.",
    "409": "Others wrote at the same time; a later call can succeed.",
    "422": "A file of the project is not valid.",
    "429": "The account called too often.",
    "503": "The lake can't be read.",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "facts", "message", "next"],
            "properties": {
                "code": {"type": "string", "description": "Code of the message; it stays, while texts may change."},
                "facts": {
                    "type": "object",
                    "description": "What the message names: places, names, counts; no value of the data.",
                },
                "message": {"type": "string", "description": "The problem, in the language of Accept-Language."},
                "next": {"type": "string", "description": "The next step."},
            },
        }
    },
}


def openapi() -> str:
    """The document, as JSON."""
    classes = {answer_class(each) for each in ENDPOINTS}
    schemas = {kind.__name__: _object_schema(kind) for kind in sorted(classes, key=lambda kind: kind.__name__)}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Lakeward",
            "version": "1",
            "description": "Answers of the command line over HTTP, with an access token of the register. Keys are only ever added.",
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": {each.path: {"get": _operation(each)} for each in ENDPOINTS},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Access token of an account."}},
            "schemas": {**schemas, "Error": ERROR},
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def answer_class(each: Endpoint) -> type:
    """The class that an address answers with."""
    return answers_of(getattr(flows, each.flow))[0]


def _operation(each: Endpoint) -> dict[str, Any]:
    kind = answer_class(each)
    reference = {"$ref": f"#/components/schemas/{kind.__name__}"}
    schema = {"type": "array", "items": reference} if each.is_list else reference
    roles = "Every account" if each.roles == EVERYONE else f"Roles: {', '.join(sorted(each.roles))}"
    answer = {"description": purpose(kind), "content": {"application/json": {"schema": schema}}}
    fault = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "operationId": each.flow,
        "summary": f"lakeward {each.command} --json",
        "description": f"{roles}.",
        "parameters": [
            {
                "name": name,
                "in": "path" if found.in_path else "query",
                "required": found.in_path,
                "description": found.about,
                "schema": {"type": KINDS[found.kind]},
            }
            for name, found in each.parameters.items()
        ],
        "responses": {
            "200": answer,
            **{status: {"description": text, "content": fault} for status, text in FAULTS.items()},
        },
    }


def _object_schema(kind: type) -> dict[str, Any]:
    """The keys of an answer: always there are those of each of its shapes."""
    shapes = [answer.as_dict() for answer in samples(kind)]
    merged = {key: value for shape in reversed(shapes) for key, value in shape.items()}
    order = dict.fromkeys(key for shape in shapes for key in shape)
    meanings, hints = meanings_of(kind), hints_of(kind)
    properties = {key: _described(_schema(merged[key], hints.get(key)), meanings.get(key, "")) for key in order}
    required = [key for key in order if all(key in shape for shape in shapes)]
    return {"type": "object", "description": purpose(kind), "required": required, "properties": properties}


def _described(schema: dict[str, Any], meaning: str) -> dict[str, Any]:
    return {**schema, "description": meaning} if meaning else schema


def _schema(value: Any, hint: Any) -> dict[str, Any]:
    parts = (hint, *typing.get_args(hint))
    words = next((part for part in parts if isinstance(part, type) and issubclass(part, StrEnum)), None)
    is_open = type(None) in parts
    if words and isinstance(value, str):
        listed = [str(word) for word in words]
        return {"type": ["string", "null"] if is_open else "string", "enum": [*listed, None] if is_open else listed}
    name = _json_type(value)
    found: dict[str, Any] = {"type": [name, "null"] if is_open and name else name} if name else {}
    return found


def _json_type(value: Any) -> str:
    """The type of a sample in JSON; empty where it says nothing."""
    for kind, name in ((bool, "boolean"), (int | float, "number"), (str, "string"), (dict, "object"), (list | tuple, "array")):
        if isinstance(value, kind):
            return name
    return ""
