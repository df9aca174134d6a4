"""Formats of the payloads of messages, and how their readings become rows. Engines read them; no source is named here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

# Columns that every segment of messages has: address, bytes as received, and time of receipt.
TOPIC, PAYLOAD, RECEIVED = "topic", "payload", "received_at"
# A name in the source that begins so is a field of the message around the payload, or of its mapping.
ENVELOPE_MARK = "$"
# Fields that follow from the address: its place in the mapping, and a payload that is one value.
MAPPED_FIELDS = ("series", "unit", "address", "value")
# A name in the source that begins so is a JSON pointer (RFC 6901) into the record.
POINTER_MARK = "/"
# Columns of a reading (docs/explanation/messages.md).
READING_COLUMNS = ("address", "series", "ts", "value", "value_text", "status", "quality", "unit")
# Version of the decoders. A row of rejects names it: what one version can't read, a later one may.
DECODER_VERSION = 1
# `_row` of a record is that of its message times this, plus its place in the message, where a message can hold several.
RECORDS_PER_MESSAGE = 1_000_000


class PayloadKind(StrEnum):
    """Forms of payloads."""

    JSON = "json"
    CSV = "csv"
    TEXT = "text"
    AVRO = "avro"
    PROTOBUF = "protobuf"
    SPARKPLUG = "sparkplug"  # Sparkplug B: only its own source has it, whose collector knows when sessions begin

    @property
    def needs_schema(self) -> bool:
        """Whether the bytes say nothing without a schema."""
        return self in {PayloadKind.AVRO, PayloadKind.PROTOBUF}

    @property
    def has_members(self) -> bool:
        """Whether a record has members by name, as JSON has."""
        return self is PayloadKind.JSON or self.needs_schema


class StatusCodes(StrEnum):
    """What numbers of a status mean."""

    NONE = "none"
    OPC_UA = "opc-ua"  # the top two bits of 32: 00 good, 01 uncertain, 10 bad (OPC 10000-4, 7.39)
    OPC_DA = "opc-da"  # bits 6 and 7: 3 good, 1 uncertain, 0 bad: 192, 64, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLayout:
    """Where the readings of a record are. Pointers are JSON pointers (RFC 6901) into the record; of several the first that exists.

    Args:
        members: The object whose members are readings; empty: the record itself.
        time: Time of the record; empty: the time of receipt.
        prefix: Texts that stand between the message's address and the member's name.
        tags: An object whose members do so, too, as `name=value`.
        status, unit: Status and unit of the record's readings.
        own: Name of the member that is the reading of the address itself.
        value_key, time_key, status_key: Keys of a member that is an object; empty: its JSON is the value.
        codes: Meaning of numbers in a status.
    """

    members: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    tags: str = ""
    status: str = ""
    unit: str = ""
    own: str = "value"
    value_key: str = ""
    time_key: str = ""
    status_key: str = ""
    codes: StatusCodes = StatusCodes.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSchemas:
    """Where the schemas of binary payloads come from.

    Args:
        files: Id of a schema, and the file beside the contract; None for payloads that have no id in front.
        from_registry: Whether a registry gives the schemas by the ids in front of payloads.
        message: Protobuf: full name of the type of a payload; empty: the only one of the schema, or what the payload says.
    """

    files: tuple[tuple[int | None, str], ...] = ()
    from_registry: bool = False
    message: str = ""

    @property
    def is_framed(self) -> bool:
        """Whether payloads have a zero byte and four bytes of a schema's id in front."""
        return self.from_registry or any(number is not None for number, _ in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFormat:
    """How the payload of a message becomes records.

    Args:
        records: JSON pointers to the list of records, or to the only one; of several the first that exists. Empty: the payload.
        readings: Where a record's readings are; None: a record is a row, by the names of the contract's columns.
        envelope: Fields of the message around the payload, by name.
        address: The field with which the address of a record begins; where it has no value, the topic.
        schemas: Of payloads that need some.
    """

    kind: PayloadKind
    records: tuple[str, ...] = ()
    readings: ReadingLayout | None = None
    envelope: tuple[str, ...] = (TOPIC, RECEIVED)
    address: str = TOPIC
    schemas: PayloadSchemas | None = None

    @property
    def holds_several(self) -> bool:
        """Whether one message can hold several records."""
        return self.kind is not PayloadKind.TEXT


# {"value": {"Value": …, "SourceTimestamp": …, "StatusCode": …}}: what our own collectors of servers and devices write, with the names of
# OPC UA's own JSON (OPC 10000-6, 5.4.2.18)
VALUES_WITH_STATUS = PayloadFormat(
    kind=PayloadKind.JSON,
    readings=ReadingLayout(value_key="Value", time_key="SourceTimestamp", status_key="StatusCode", codes=StatusCodes.OPC_UA),
)
# Metrics of Sparkplug B, each of which is a reading.
SPARKPLUG_METRICS = PayloadFormat(kind=PayloadKind.SPARKPLUG, readings=ReadingLayout())
# Payloads of known programs: how their records and readings lie.
PRESETS: Mapping[str, PayloadFormat] = {
    # {"timestamp_ms": 1, "value": 2}: one tag per topic (United Manufacturing Hub)
    "umh": PayloadFormat(kind=PayloadKind.JSON, readings=ReadingLayout(time=("/timestamp_ms",))),
    # {"name": …, "tags": {…}, "fields": {…}, "timestamp": 1}, alone or in {"metrics": […]} (Telegraf's `json`)
    "telegraf": PayloadFormat(
        kind=PayloadKind.JSON,
        records=("/metrics", ""),
        readings=ReadingLayout(members=("/fields",), time=("/timestamp",), prefix=("/name",), tags="/tags", own=""),
    ),
    # {"tag": {"SourceTimestamp": …, "Value": …, "StatusCode": …}}, alone or as OPC UA PubSub (Azure IoT Operations)
    "azure-iot": PayloadFormat(
        kind=PayloadKind.JSON,
        records=("/Messages", ""),
        readings=ReadingLayout(
            members=("/Payload", ""),
            time=("/Timestamp",),
            own="",
            value_key="Value",
            time_key="SourceTimestamp",
            status_key="StatusCode",
            codes=StatusCodes.OPC_UA,
        ),
    ),
}
