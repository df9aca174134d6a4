"""What `--from kafka://…` says, and how payloads are read that only a schema explains."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.payload import ENVELOPE_MARK, TOPIC, PayloadFormat, PayloadSchemas
from lakeward.contracts.payload_schemas import SchemaSet
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.schema_keys import SUFFIXES
from lakeward.core.errors import UsageError
from lakeward.engines.protocols import Engine
from lakeward.flows.authoring.seen_messages import land_sample, sampled_message
from lakeward.flows.authoring.stored_connections import split_parameters
from lakeward.profiling import MessageProfile, PayloadForm, PayloadLayout, profile_messages
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.payload_layouts import MessageFields, propose_record_layout
from lakeward.sources.kafka.cluster import SCHEMA, schema_id
from lakeward.sources.segments.schemas import read_project_schemas

# Parameters of the address that are the contract's, not the connection's.
_SCHEMA_FILE, _MESSAGE_TYPE = "schemaFile", "messageType"
Rows = Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicAddress:
    """What `--from` says: the URL of the connection, the topic, and how payloads are read.

    Args:
        schema: File of the schema of binary payloads; None for none.
        message: Protobuf: full name of the type of payloads; empty: the only one.
    """

    url: str
    topic: str
    schema: Path | None
    message: str

    @classmethod
    def parse(cls, text: str) -> "TopicAddress":
        """The address in a text.

        Raises:
            UsageError: It has no topic, or its schema file is missing.
        """
        url, given = split_parameters(text, (_SCHEMA_FILE, _MESSAGE_TYPE))
        base, mark, query = url.partition("?")
        scheme, _, rest = base.partition("://")
        authority, _, topic = rest.partition("/")
        if not topic or "/" in topic:
            place = f"{scheme}://{authority.rpartition('@')[2]}"
            raise UsageError("new_without_kafka_topic", found=topic or "-", address=place)
        schema = Path(given[_SCHEMA_FILE]) if given.get(_SCHEMA_FILE) else None
        if schema is not None and not schema.is_file():
            raise UsageError("new_schema_file_missing", file=schema)
        return cls(url=f"{scheme}://{authority}{mark}{query}", topic=topic, schema=schema, message=given.get(_MESSAGE_TYPE, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayloads:
    """What the messages are.

    Args:
        form: Their form; None for those that a schema describes.
        share: Share of the kept messages that have it.
        others: Forms of the others, as text.
    """

    layout: PayloadLayout
    profile: MessageProfile
    form: PayloadForm | None
    share: float
    others: str = ""


def read_by_schema(
    engine: Engine, scratch: Path, address: TopicAddress, rows: Rows, fields: MessageFields, zone: str
) -> SeenPayloads:
    """The payloads by the schema of the address.

    Raises:
        UsageError: None of them can be read by it.
        DefinitionError: It is not valid.
    """
    assert address.schema
    payload = _payload(address, address.schema, rows, fields)
    kept = scratch / "schemas.json"
    kept.write_bytes(read_project_schemas(address.schema.parent, payload, SchemaSet()).to_json())
    segment = replace(land_sample(scratch, rows, SCHEMA), schemas=kept)
    lines = list(_payload_lines(payload))
    layout = propose_record_layout(payload, lines, _records(engine, segment, payload), zone, fields)
    found = profile_messages(engine, segment, layout)
    if found is None:
        raise UsageError("new_schema_unfit", file=address.schema.name, messages=len(rows))
    return SeenPayloads(layout=layout, profile=found, form=None, share=1 - sum(found.reasons.values()) / len(rows))


def _payload(address: TopicAddress, schema: Path, rows: Rows, fields: MessageFields) -> PayloadFormat:
    """How payloads are read by the schema: where all begin with one id, the file is that of this id."""
    kind = next((kind for kind, suffixes in SUFFIXES.items() if schema.name.endswith(suffixes)), None)
    if kind is None:
        expected = ", ".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
        raise UsageError("new_schema_suffix", file=schema.name, expected=expected)
    ids = {schema_id(sampled_message(row).payload) for row in rows}
    number = next(iter(ids)) if len(ids) == 1 else None
    return PayloadFormat(
        kind=kind,
        envelope=fields.envelope,
        address=fields.address,
        schemas=PayloadSchemas(files=((number, schema.name),), message=address.message),
    )


def _payload_lines(payload: PayloadFormat) -> Iterator[str]:
    assert payload.schemas
    [(number, file)] = payload.schemas.files
    yield f"payload: {payload.kind}"
    if number is None:
        yield f"schemaFile: {yaml_value(file)}"
    else:
        yield f"schemaFiles: [{yaml_value(f'{number}:{file}')}]      # CHECK: all payloads of the look begin with this id"
    if payload.schemas.message:
        yield f"messageType: {payload.schemas.message}"


def _records(engine: Engine, segment: BatchInput, payload: PayloadFormat) -> list[str]:
    """The decoded payloads as JSON: where the one column is of the message, all members are of none."""
    column = Column(TOPIC, DataType(Kind.STRING), ENVELOPE_MARK + TOPIC)
    read = engine.stage((segment,), RecordFormat(format=FileFormat.MESSAGES, payload=payload), (column,))
    return [row["_extra"] for row in engine.fetch(f"SELECT _extra FROM {read.rows} WHERE _extra IS NOT NULL")]


def copy_schemas(schema: Path, folder: Path) -> None:
    """Copy the schema into the dataset's folder, with what it may import from its own."""
    shutil.copyfile(schema, folder / schema.name)
    if schema.suffix == ".proto":
        for other in schema.parent.glob("*.proto"):
            shutil.copyfile(other, folder / other.name)
