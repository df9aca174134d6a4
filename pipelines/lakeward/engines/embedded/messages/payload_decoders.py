"""Decodes binary payloads, one after the other: a declared exception to rows never passing through Python. Nothing stops at poison."""

import io
from collections.abc import Callable
from typing import NamedTuple

from lakeward.contracts.avro_schema import parse_avro_schema
from lakeward.contracts.payload import PayloadFormat, PayloadKind
from lakeward.contracts.payload_schemas import SchemaSet, SchemaText
from lakeward.contracts.protobuf_schema import ProtobufTypes
from lakeward.core.errors import DefinitionError
from lakeward.engines.embedded.messages.avro_values import AvroValues
from lakeward.engines.embedded.messages.json_values import to_json
from lakeward.engines.embedded.messages.protobuf_records import ManyValuesError, OtherSchemaError, RecordReader

# In front of a payload: a zero byte, and a schema's id in four bytes, the most significant first.
_MAGIC, _ID_END = 0, 5
# Bytes of a number of at most 64 bits in groups of seven.
_MAX_GROUPS = 10
# What the libraries raise of bytes that are none of the schema.
_FAULTS = (ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
_Read = Callable[[bytes], str]


class DecodedPayload(NamedTuple):
    """What became of a payload.

    Args:
        text: Its record as JSON; None where there is none.
        fault: Message code of why there is none.
        schema: Version of the schema that it was read by, or the id that has none.
    """

    text: str | None
    fault: str | None
    schema: str


class PayloadDecoder:
    """Decodes the payloads of one set of schemas."""

    def __init__(self, payload: PayloadFormat, schemas: SchemaSet) -> None:
        assert payload.schemas
        self._payload, self._framed, self._message = payload, payload.schemas.is_framed, payload.schemas.message
        self._schemas = {one.number: one for one in schemas.schemas}
        self._readers: dict[int | None, _Read | None] = {}

    def decode(self, content: bytes) -> DecodedPayload:
        """The payload as JSON, or why it is none."""
        if not self._framed:
            return self._decode(None, content)
        if len(content) < _ID_END or content[0] != _MAGIC:
            return DecodedPayload(None, "reject_no_schema_id", "-")
        return self._decode(int.from_bytes(content[1:_ID_END]), content[_ID_END:])

    def _decode(self, number: int | None, content: bytes) -> DecodedPayload:
        schema = self._schemas.get(number)
        read = self._reader(number)
        if read is None or schema is None:
            return DecodedPayload(None, "reject_schema_unknown", "-" if number is None else f"id {number}")
        label = schema.version if number is None else f"id {number} {schema.version}"
        try:
            return DecodedPayload(read(content), None, label)
        except OtherSchemaError:
            return DecodedPayload(None, "reject_other_schema", label)
        except ManyValuesError:
            return DecodedPayload(None, "reject_many_records", label)
        except _FAULTS:
            return DecodedPayload(None, "reject_undecodable", label)

    def _reader(self, number: int | None) -> _Read | None:
        if number not in self._readers:
            schema = self._schemas.get(number)
            make = self._avro if self._payload.kind is PayloadKind.AVRO else self._protobuf
            try:
                self._readers[number] = make(schema) if schema else None
            except DefinitionError:
                self._readers[number] = None
        return self._readers[number]

    def _to_text(self, record: object) -> str:
        return to_json(record, exact=self._payload.readings is None)

    def _avro(self, schema: SchemaText) -> _Read:
        from fastavro import schemaless_reader  # noqa: PLC0415 -- an extra

        parsed = parse_avro_schema(schema)
        values = AvroValues(parsed)

        def read(content: bytes) -> str:
            values.check(content)
            stream = io.BytesIO(content)
            record = schemaless_reader(stream, parsed, None)
            if stream.tell() != len(content):  # bytes that are left over were written by another schema
                raise OtherSchemaError
            return self._to_text(record)

        return read

    def _protobuf(self, schema: SchemaText) -> _Read:
        types, records = ProtobufTypes(schema), RecordReader()
        if not self._framed:
            own = types.message(self._message)
            return lambda content: self._to_text(records.read_payload(_parse(own, content)))

        def read(content: bytes) -> str:
            places, start = _message_places(content)
            found = types.message(self._message) if self._message else types.message_at(places)
            return self._to_text(records.read_payload(_parse(found, content[start:])))

        return read


def _parse(message: type, content: bytes) -> object:
    """The message in the bytes.

    Raises:
        ValueError: They are none.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 -- an extra

    try:
        return message.FromString(content)  # type: ignore[attr-defined]
    except DecodeError as error:
        raise ValueError from error


def _message_places(content: bytes) -> tuple[tuple[int, ...], int]:
    """The path of the message's type in its schema, as it stands behind the id, and where the message begins.

    Raises:
        ValueError: There is none.
    """
    count, at = _read_signed(content, 0)
    if not 0 <= count <= len(content):
        raise ValueError
    places = []
    for _ in range(count):
        place, at = _read_signed(content, at)
        if place < 0:
            raise ValueError
        places.append(place)
    return tuple(places) or (0,), at


def _read_signed(content: bytes, at: int) -> tuple[int, int]:
    """A number in zigzag and groups of seven bits, and where it ends."""
    number = 0
    for group in range(_MAX_GROUPS):
        byte = content[at + group]
        number |= (byte & 0x7F) << (7 * group)
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at + group + 1
    raise ValueError
