"""Schemas of binary payloads as they are kept beside segments: one JSON file holds all that are in force."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lakeward.core.errors import MachineError


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaText:
    """One schema.

    Args:
        number: Its id in front of payloads; None for payloads without one.
        name: Name of its file, or of its subject in a registry.
        content: Avro: its JSON. Protobuf: a `FileDescriptorSet` with all that it imports, its own file last, in base 64.
        references: Avro: JSON of the schemas that it refers to by name, each behind those that it needs itself.
    """

    number: int | None
    name: str
    content: str
    references: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The beginning of its hash: which version it is."""
        return sha256("\n".join((*self.references, self.content)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class SchemaSet:
    """The schemas in force, and the hash of the files that they were read from."""

    schemas: tuple[SchemaText, ...] = ()
    digest: str = ""

    def to_json(self) -> bytes:
        """As a file that `read_schema_set` reads; the same for the same schemas."""
        listed = [
            {"id": one.number, "name": one.name, "content": one.content, "references": list(one.references)}
            for one in sorted(self.schemas, key=lambda one: -1 if one.number is None else one.number)
        ]
        return json.dumps({"digest": self.digest, "schemas": listed}, indent=1).encode()

    def with_schemas(self, others: Iterable[SchemaText]) -> "SchemaSet":
        """These and others; of two with one id the other."""
        found = {one.number: one for one in (*self.schemas, *others)}
        return SchemaSet(tuple(found.values()), self.digest)


def read_schema_set(path: Path | None) -> SchemaSet:
    """The schemas of a file; none for no file.

    Raises:
        MachineError: The file is damaged.
    """
    if path is None:
        return SchemaSet()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        schemas = tuple(
            SchemaText(number=one["id"], name=one["name"], content=one["content"], references=tuple(one["references"]))
            for one in document["schemas"]
        )
        return SchemaSet(schemas, document["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        raise MachineError("segment_damaged", file=path) from None
