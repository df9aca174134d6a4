"""Named, versioned transforms that make a column less sensitive than its sources, from a policy file; and what their output must show."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from lakeward.contracts.document import Fault, read_document
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import sha256

# Place of the file in a project.
TRANSFORMS_FILE = "expectations/policies/transforms.yaml"
# Smallest group that a project may ask for; with less, a group is one person.
LEAST_K, LEAST_L = 2, 1
DEFAULT_K = 10
KEYS: Mapping[str, KeyDoc] = {"transforms": KeyDoc("mapping", "Name -> a mapping of the keys below.", required=True)}
TRANSFORM_KEYS: Mapping[str, KeyDoc] = {
    "version": KeyDoc("text", "Version; a changed definition needs a new one, and a new decision.", required=True),
    "kind": KeyDoc("`mask`, `tokenise`, `generalise` or `aggregate`", "What it does to the values.", required=True),
    "column": KeyDoc("text", "`dataset.column` that it makes; its output is what is checked.", required=True),
    "why": KeyDoc("text", "Why the result is less sensitive.", required=True),
    "quasi_identifiers": KeyDoc("list of columns", "Columns of the output that others may know.", "the column itself"),
    "person": KeyDoc("column", "Column of the output that identifies a person.", "none: every row is one"),
    "count": KeyDoc("column", "Column of the output with the number of persons or objects behind a row.", "none"),
    "sensitive": KeyDoc("column", "Column of the output that must stay diverse in each group.", "none"),
    "k": KeyDoc("whole number", f"Least number of persons in a group, from {LEAST_K}.", f"{DEFAULT_K}"),
    "l": KeyDoc("whole number", "Least number of different sensitive values in a group.", f"{LEAST_L}"),
}


class TransformKind(StrEnum):
    """What a transform does to values."""

    MASK = "mask"
    TOKENISE = "tokenise"
    GENERALISE = "generalise"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One transform.

    Args:
        column: `dataset.column` of its output.
        quasi_identifiers: Columns of the output that others may know; empty: the column itself.
        person, count: Column that identifies a person, or that counts persons; None for neither.
        k, l: Least size of a group, and least number of different values of `sensitive` in it.
    """

    name: str
    version: str
    kind: TransformKind
    column: str
    why: str
    quasi_identifiers: tuple[str, ...]
    person: str | None
    count: str | None
    sensitive: str | None
    k: int
    l: int  # noqa: E741 -- its name in the literature

    @property
    def id(self) -> str:
        """Name and version, as decisions cite it."""
        return f"{self.name}@{self.version}"

    @property
    def sha256(self) -> str:
        """Hash of the definition."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode())

    @property
    def output_columns(self) -> tuple[str, ...]:
        """Columns of the output that the check reads."""
        named = (self.person, self.count, self.sensitive)
        return (*self.groups, *(name for name in named if name))

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns by which persons are grouped."""
        return self.quasi_identifiers or (self.column.rpartition(".")[2],)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformOutput:
    """What a check found in the output.

    Args:
        detector: Detector that found something in the column; None if none did.
        persons: Number of persons, or of rows without them.
        k, l: Smallest group, and least number of different sensitive values in one; None if there is no row.
    """

    detector: str | None
    persons: int
    k: int | None
    l: int | None  # noqa: E741 -- its name in the literature


def output_fault(transform: Transform, output: TransformOutput) -> str | None:
    """Message code of the first reason why the output is not safe; None if it passed. No rows are no evidence."""
    if output.detector:
        return "transform_detected"
    if not output.persons or output.k is None:
        return "transform_no_rows"
    if output.k < transform.k:
        return "transform_small_group"
    if transform.sensitive and (output.l is None or output.l < transform.l):
        return "transform_few_values"
    return None


def read_transforms(text: str, file: str) -> dict[str, Transform]:
    """Parse the transforms in `text`, by name.

    Args:
        file: Its name in messages.

    Raises:
        DefinitionError: The file is not valid; the first fault is reported with its line.
    """
    try:
        document = read_document(text, file)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(KEYS)
    listed = view.mapping("transforms")
    found = {name: _transform(name, listed.mapping(name)) for name in listed.values}
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return found


def _transform(name: str, view: View) -> Transform:
    view.allow_only(TRANSFORM_KEYS)
    return Transform(
        name=name,
        version=view.text("version"),
        kind=view.choice("kind", tuple(TransformKind)),
        column=view.entry("column", "dataset.column", _column) or "",
        why=view.text("why"),
        quasi_identifiers=view.texts("quasi_identifiers"),
        person=view.text("person", "") or None,
        count=view.text("count", "") or None,
        sensitive=view.text("sensitive", "") or None,
        k=view.entry("k", Phrase("phrase_whole_from", low=LEAST_K), _at_least(LEAST_K), DEFAULT_K) or DEFAULT_K,
        l=view.positive_integer("l", LEAST_L),
    )


def _column(value: Any) -> str | None:
    parts = value.split(".") if isinstance(value, str) else []
    return value if len(parts) == 2 and all(parts) else None


def _at_least(least: int) -> Any:
    return lambda value: value if type(value) is int and value >= least else None
