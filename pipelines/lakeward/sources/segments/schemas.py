"""Schemas of a dataset's payloads: read from the files beside its contract, checked, and kept with the segments that they hold for."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.avro_schema import parse_avro_schema
from lakeward.contracts.payload import PayloadFormat, PayloadKind
from lakeward.contracts.payload_schemas import SchemaSet, SchemaText, read_schema_set
from lakeward.contracts.protobuf_schema import ProtobufTypes, compile_proto, schema_of_descriptors
from lakeward.core.errors import DefinitionError
from lakeward.core.messages import Phrase
from lakeward.sources.segments.series import land_version, newest_version, version_of
from lakeward.sources.segments.store import SegmentStore

_PROTO = ".proto"
# Ending of the files with versions of schemas.
_VERSIONS = ".json"


@dataclass(frozen=True, slots=True)
class KeptSchemas:
    """The schemas of a dataset, each version kept with the first segment that it holds for.

    Args:
        folder: Where the versions are.
        store: The segments.
    """

    folder: Path
    store: SegmentStore

    def current(self) -> SchemaSet:
        """The schemas that hold for the segments to come."""
        return read_schema_set(self.file_of(self.store.newest() + 1))

    def keep(self, schemas: SchemaSet) -> None:
        """Keep them as those of the segments to come, if they are others than before.

        Raises:
            MachineError: The landing can't be written.
        """
        if schemas.schemas:
            land_version(self.folder, schemas.to_json(), self.store.newest(), _VERSIONS)

    def file_of(self, number: int) -> Path | None:
        """The version that holds for segment `number`; None where there is none."""
        return version_of(self.folder, number, _VERSIONS)

    def version(self) -> int:
        """Number of the newest version; 0 without one."""
        return newest_version(self.folder, _VERSIONS)


def read_project_schemas(folder: Path, payload: PayloadFormat, known: SchemaSet) -> SchemaSet:
    """The schemas of the files that the contract names; those of `known` where no file has changed.

    Raises:
        DefinitionError: A file is missing or not valid, or the type of payloads is not in it.
        MachineError: The extra is missing.
    """
    if payload.schemas is None or not payload.schemas.files:
        return known
    digest = _digest(folder, payload)
    if digest == known.digest:
        return known
    named = {number for number, _ in payload.schemas.files}
    others = tuple(one for one in known.schemas if one.number not in named) if payload.schemas.from_registry else ()
    found = tuple(_read(folder, payload, number, name) for number, name in payload.schemas.files)
    return SchemaSet((*others, *found), digest)


def check_schema(schema: SchemaText, payload: PayloadFormat) -> SchemaText:
    """The schema, if payloads can be read by it.

    Raises:
        As `read_project_schemas`.
    """
    assert payload.schemas
    if payload.kind is PayloadKind.AVRO:
        parse_avro_schema(schema)
        return schema
    types = ProtobufTypes(schema)
    if payload.schemas.message or schema.number is None:
        types.message(payload.schemas.message)
    return schema


def _read(folder: Path, payload: PayloadFormat, number: int | None, name: str) -> SchemaText:
    path = folder / name
    if not path.is_file():
        raise DefinitionError("payload_schema_missing", file=name, folder=folder)
    if payload.kind is PayloadKind.PROTOBUF:
        content = compile_proto(path) if path.suffix == _PROTO else path.read_bytes()
        return check_schema(schema_of_descriptors(number, name, content), payload)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DefinitionError(
            "payload_schema_not_valid", file=name, found=Phrase("phrase_not_utf8"), line=None, column=None
        ) from None
    return check_schema(SchemaText(number=number, name=name, content=text), payload)


def _digest(folder: Path, payload: PayloadFormat) -> str:
    """Hash of all that the schemas are made of: a file may import others of its folder."""
    digest = hashlib.sha256(repr(payload.schemas).encode())
    for path in _files(folder, payload):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path, payload: PayloadFormat) -> Iterator[Path]:
    assert payload.schemas
    yield from (folder / name for _, name in payload.schemas.files)
    if payload.kind is PayloadKind.PROTOBUF:
        yield from sorted(folder.rglob(f"*{_PROTO}"))
