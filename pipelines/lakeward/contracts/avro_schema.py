"""Schemas of Avro: parsed once, and refused where they are not valid."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from lakeward.contracts.payload_schemas import SchemaText
from lakeward.core.errors import DefinitionError, MachineError
from lakeward.core.messages import Phrase

# Values without bytes that an item of an array may have.
MAX_FREE_VALUES = 64


def parse_avro_schema(schema: SchemaText) -> Any:
    """The schema as fastavro reads by it.

    Raises:
        DefinitionError: It is not valid, or has arrays whose items take no bytes, or hold many values that take none: a short payload
            could have any number of them.
        MachineError: The extra is missing.
    """
    if find_spec("fastavro") is None:
        raise MachineError("extra_missing", extra="avro")
    from fastavro.schema import SchemaParseException, UnknownType, parse_schema  # noqa: PLC0415 -- an extra

    named: dict[str, Any] = {}
    try:
        for reference in schema.references:
            parse_schema(json.loads(reference), named)
        parsed = parse_schema(json.loads(schema.content), named)
    except json.JSONDecodeError as error:
        raise _not_valid(schema, error.msg, error.lineno, error.colno) from None
    except (SchemaParseException, UnknownType, TypeError, ValueError, LookupError, RecursionError) as error:
        raise _not_valid(schema, str(error)[:200] or type(error).__name__) from None
    if _has_endless_arrays(parsed, named, set()):
        raise _not_valid(schema, Phrase("phrase_endless_array", most=MAX_FREE_VALUES))
    return parsed


def _not_valid(schema: SchemaText, found: str | Phrase, line: int | None = None, column: int | None = None) -> DefinitionError:
    return DefinitionError("payload_schema_not_valid", file=schema.name, found=found, line=line, column=column)


def _has_endless_arrays(schema: Any, named: Mapping[str, Any], seen: set[str]) -> bool:
    """Whether a schema has an array of what takes no bytes, or hardly any for its values."""
    if isinstance(schema, str):
        return schema in named and schema not in seen and _has_endless_arrays(named[schema], named, seen | {schema})
    if isinstance(schema, dict) and schema["type"] == "array":
        items = schema["items"]
        if _takes_nothing(items, named, set()) or _free_values(items, named, set()) > MAX_FREE_VALUES:
            return True
    own = seen | {schema["name"]} if isinstance(schema, dict) and "name" in schema else seen
    return any(_has_endless_arrays(one, named, own) for one in _parts(schema))


def _parts(schema: Any) -> list[Any]:
    """The schemas within a schema that is no name."""
    if isinstance(schema, list):
        return schema
    inner = [schema[key] for key in ("items", "values") if key in schema] + [field["type"] for field in schema.get("fields", ())]
    return inner + ([schema["type"]] if isinstance(schema["type"], dict | list) else [])


def _free_values(schema: Any, named: Mapping[str, Any], seen: set[str]) -> int:
    """How many values of no bytes one value of the schema has."""
    if isinstance(schema, str) and schema in named and schema not in seen:
        return _free_values(named[schema], named, seen | {schema})
    if isinstance(schema, dict) and schema["type"] in {"record", "error"}:
        inner = seen | {schema["name"]}
        return sum(_free_values(field["type"], named, inner) for field in schema["fields"])
    return int(_takes_nothing(schema, named, seen))


def _takes_nothing(schema: Any, named: Mapping[str, Any], seen: set[str]) -> bool:
    """Whether a value of the schema can have no bytes at all."""
    if isinstance(schema, str) and schema in named and schema not in seen:
        return _takes_nothing(named[schema], named, seen | {schema})
    if not isinstance(schema, dict):
        return bool(schema == "null")
    kind = schema["type"]
    if kind in {"record", "error"}:
        return all(_takes_nothing(field["type"], named, seen | {schema["name"]}) for field in schema["fields"])
    return bool(kind == "null" or (kind == "fixed" and not schema["size"]))
