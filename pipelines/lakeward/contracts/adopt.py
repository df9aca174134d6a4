"""Rewrites any valid ODCS contract into one that runs here: adds what is missing, rewrites what is spelled differently, reports both.

A promise that no expectation covers is reported by name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakeward.contracts.build import EDITIONS, VERSION
from lakeward.contracts.column_keys import LOGICAL
from lakeward.contracts.columns import COLUMN_NAME, UNJUDGED
from lakeward.contracts.promises import expectations_of
from lakeward.core.names import DATASET_NAME

EDITION = "v3.2.0"
_TEXT_TYPES = ("char", "text", "string", "json", "xml", "uuid", "list", "struct", "map", "array")
# Beginning of a physical type -> our logical type.
_PHYSICAL = {
    **dict.fromkeys(("timestamp", "datetime"), "timestamp"),
    "date": "date",
    **dict.fromkeys(("int", "bigint", "smallint", "tinyint", "long"), "integer"),
    **dict.fromkeys(("double", "float", "real", "decimal", "numeric", "number"), "number"),
    "bool": "boolean",
}
_LONGEST_COLUMN = 120


@dataclass(frozen=True, slots=True)
class AdoptionNote:
    """One thing that was read otherwise, or left: a message code and its facts."""

    code: str
    facts: Mapping[str, object]


@dataclass(slots=True)
class Adoption:
    """A contract on its way.

    Args:
        document: The contract as it will be written, without a source.
        expectations: What its promises are as expectations of Great Expectations.
        notes: What was read otherwise, and what no expectation stands for.
    """

    document: dict[str, Any]
    expectations: list[dict[str, Any]] = field(default_factory=list)
    notes: list[AdoptionNote] = field(default_factory=list)

    def change(self, place: str, found: object, now: object) -> None:
        """Note that something was read otherwise."""
        self.notes.append(AdoptionNote("adopt_changed", {"place": place, "found": found, "now": now}))

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns, as they will be written."""
        columns: list[dict[str, Any]] = self.document["schema"][0]["properties"]
        return columns


def object_names(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the objects that the contract describes; each would be a dataset."""
    return tuple(str(item.get("name", "")) for item in data.get("schema") or ())


def adopt_document(data: Mapping[str, Any], object_name: str, dataset: str, key: Sequence[str]) -> Adoption:
    """The contract of one object of a valid ODCS document.

    Args:
        key: Columns of the key, where the contract names none, or other ones.
    """
    table = next(item for item in data["schema"] if str(item.get("name", "")) == object_name)
    adoption = Adoption({**data, "apiVersion": EDITION, "kind": "DataContract", "name": dataset, "schema": [dict(table)]})
    _adopt_header(adoption, data, dataset)
    _adopt_team(adoption)
    _drop_repeated_terms(adoption)
    written = adoption.document["schema"][0]
    _adopt_promises(adoption, written, None)
    written["properties"] = [_adopt_column(adoption, dict(column)) for column in table.get("properties") or ()]
    _adopt_key(adoption, key)
    return adoption


def dataset_name(*candidates: str) -> str:
    """The first of the names that can be a dataset's, brought to its form; `dataset` where none can."""
    formed = (re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_0123456789") for name in candidates)
    return next((name[:63] for name in formed if DATASET_NAME.fullmatch(name[:63])), "dataset")


def time_columns(adoption: Adoption) -> list[str]:
    """Columns that can say when a row happened."""
    return [column["name"] for column in adoption.columns if column["logicalType"] == "timestamp"]


def _adopt_header(adoption: Adoption, data: Mapping[str, Any], dataset: str) -> None:
    if not re.fullmatch(EDITIONS, str(data.get("apiVersion"))):
        adoption.change("apiVersion", data.get("apiVersion"), EDITION)
    if data.get("name") != dataset:
        adoption.change("name", data.get("name"), dataset)
    if not re.fullmatch(VERSION, str(data.get("version"))):
        adoption.change("version", data.get("version"), "1.0.0")
        adoption.document["version"] = "1.0.0"


def _adopt_team(adoption: Adoption) -> None:
    """A list of members is a team of before 3.1; the owner's role is written small."""
    team = adoption.document.get("team")
    members = team if isinstance(team, list) else (team or {}).get("members") or []
    written = [{**member, "role": "owner"} if str(member.get("role")).lower() == "owner" else member for member in members]
    if written:
        adoption.document["team"] = {**(team if isinstance(team, dict) else {}), "members": written}


def _drop_repeated_terms(adoption: Adoption) -> None:
    """Of several terms of one name the first is read; the standard lets them stand for different elements."""
    for key in ("slaProperties", "customProperties"):
        terms: dict[str, Any] = {}
        for item in adoption.document.get(key) or ():
            if item.get("property") in terms:
                adoption.notes.append(AdoptionNote("adopt_left", {"place": key, "key": item["property"]}))
            terms.setdefault(item.get("property"), item)
        if terms:
            adoption.document[key] = list(terms.values())


def _adopt_column(adoption: Adoption, column: dict[str, Any]) -> dict[str, Any]:
    given = str(column.get("name", ""))
    if not COLUMN_NAME.fullmatch(given):
        plain = re.sub(r"\W+", "_", given).strip("_")[:_LONGEST_COLUMN]
        column["name"] = plain if COLUMN_NAME.fullmatch(plain) else f"c_{plain}"
        column.setdefault("physicalName", given)
        adoption.change(f"schema.{given}", given, column["name"])
    column["logicalType"] = _logical_type(adoption, column)
    if not column.get("primaryKey") or not isinstance(column.get("primaryKeyPosition"), int) or column["primaryKeyPosition"] < 1:
        column.pop("primaryKeyPosition", None)
    if str(column.get("physicalType", "")).lower().startswith(("decimal", "numeric")) and column["logicalType"] != "number":
        column.pop("physicalType")
    for nested in ("items", "properties", "map"):
        column.pop(nested, None)
    _adopt_promises(adoption, column, column["name"])
    return column


def _logical_type(adoption: Adoption, column: Mapping[str, Any]) -> str:
    found = column.get("logicalType")
    physical = str(column.get("physicalType", "")).lower()
    by_physical = next((kind for start, kind in _PHYSICAL.items() if physical.startswith(start)), None)
    if any(word in physical for word in _TEXT_TYPES):
        by_physical = "string"
    if found in LOGICAL and not (found == "date" and by_physical == "timestamp"):
        return str(found)
    kind = by_physical or "string"
    adoption.change(f"schema.{column['name']}.logicalType", found, kind)
    return kind


def _adopt_promises(adoption: Adoption, element: dict[str, Any], column: str | None) -> None:
    """Promises that a contract states and a suite judges: they become expectations, or are named."""
    place = f"schema.{column}" if column else "schema"
    promises = {key: element.pop(key) for key in UNJUDGED if key in element}
    kind = str(element.get("logicalType", ""))
    for key, what, expectation in expectations_of(promises, column, kind):
        if expectation is None:
            adoption.notes.append(AdoptionNote("adopt_left", {"place": place, "key": f"{key}: {what}"}))
        else:
            adoption.expectations.append(expectation)


def _adopt_key(adoption: Adoption, key: Sequence[str]) -> None:
    for position, name in enumerate(key, 1):
        for column in _columns_by_name(adoption, name):
            column |= {"primaryKey": True, "primaryKeyPosition": position}
    for column in adoption.columns:
        if key and column["name"] not in key and column.get("physicalName") not in key:
            column.pop("primaryKey", None)
            column.pop("primaryKeyPosition", None)
        if column.get("primaryKey") and not column.get("required"):
            column["required"] = True
            adoption.change(f"schema.{column['name']}.required", False, True)


def _columns_by_name(adoption: Adoption, name: str) -> Iterator[dict[str, Any]]:
    yield from (column for column in adoption.columns if name in (column["name"], column.get("physicalName")))
