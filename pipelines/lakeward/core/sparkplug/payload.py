"""Payloads of Sparkplug B, read by the fields that Lakeward uses (specification 3.0.0, chapter 6.4).

Numbers and types of the fields are facts of the specification; the rest of a message stays in its unknown fields. Texts are read as
bytes, so that one with a wrong encoding is known. protobuf is imported with the first payload: it is an extra.
"""

import functools
import zlib
from collections.abc import Mapping
from typing import Any

from lakeward.core.errors import MachineError
from lakeward.core.sparkplug.wire_fields import count_fields

# Bytes that a compressed payload may have when it is read.
MAX_INFLATED = 64 << 20
# Fields that a payload may have, those of metrics and their properties included. Each that is kept takes some 100 bytes.
MAX_FIELDS = 1_000_000
# Bytes up to which no payload can have so many: a field takes two.
_FEW_BYTES = 2 * MAX_FIELDS
# `uuid` of a payload whose `body` is a compressed payload, as clients of the Tahu project write it.
COMPRESSED = b"SPBV1.0_COMPRESSED"
REBIRTH, BD_SEQ = "Node Control/Rebirth", "bdSeq"
# Message -> field -> its number, and its type: one of protobuf's, or a message; `[]` around it: repeated.
_FIELDS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Payload": {
        "timestamp": (1, "uint64"),
        "metrics": (2, "[Metric]"),
        "seq": (3, "uint64"),
        "uuid": (4, "bytes"),
        "body": (5, "bytes"),
    },
    "Metric": {
        "name": (1, "bytes"),
        "alias": (2, "uint64"),
        "timestamp": (3, "uint64"),
        "datatype": (4, "uint32"),
        "is_historical": (5, "bool"),
        "is_transient": (6, "bool"),
        "is_null": (7, "bool"),
        "properties": (9, "PropertySet"),
        "int_value": (10, "uint32"),
        "long_value": (11, "uint64"),
        "float_value": (12, "float"),
        "double_value": (13, "double"),
        "boolean_value": (14, "bool"),
        "string_value": (15, "bytes"),
        "bytes_value": (16, "bytes"),
        "dataset_value": (17, "bytes"),
        "template_value": (18, "bytes"),
        "extension_value": (19, "bytes"),
    },
    "PropertySet": {"keys": (1, "[bytes]"), "values": (2, "[PropertyValue]")},
    "PropertyValue": {
        "type": (1, "uint32"),
        "is_null": (2, "bool"),
        "int_value": (3, "uint32"),
        "long_value": (4, "uint64"),
        "string_value": (8, "bytes"),
    },
}
# The one value of a metric: of several on the wire the last counts.
_VALUE = "value"
_PACKAGE = "lakeward.sparkplug"
_NESTED = {
    message: {number: kind.strip("[]") for number, kind in fields.values() if kind.strip("[]") in _FIELDS}
    for message, fields in _FIELDS.items()
}


class PayloadError(Exception):
    """A payload that can't be read.

    Args:
        code: Message code of the reject.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_payload(content: bytes) -> Any:
    """The payload, unpacked where it is compressed.

    Raises:
        PayloadError: It is no payload of Sparkplug B, larger than `MAX_INFLATED` when it is unpacked, or has more than `MAX_FIELDS`.
        MachineError: protobuf is missing.
    """
    payload = _parse(content)
    return _parse(_inflate(payload.body)) if payload.uuid == COMPRESSED else payload


def text_of(content: bytes) -> str | None:
    """The text in a field; None if it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def property_of(metric: Any, name: bytes) -> Any:
    """Value of a metric's property with this name; None without it."""
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if key == name and not value.is_null:
            return value
    return None


def session_number(payload: Any) -> int | None:
    """The number that ties a death to its birth; None where the edge gave none."""
    for metric in payload.metrics:
        if metric.name == BD_SEQ.encode() and metric.WhichOneof(_VALUE) in {"int_value", "long_value"}:
            return int(metric.int_value or metric.long_value)
    return None


def rebirth_command(milliseconds: int) -> bytes:
    """The command that asks an edge for its births.

    Args:
        milliseconds: Time of the command since 1970.
    """
    boolean = 11
    payload = _classes()["Payload"](timestamp=milliseconds)
    payload.metrics.add(name=REBIRTH.encode(), timestamp=milliseconds, datatype=boolean, boolean_value=True)
    return bytes(payload.SerializeToString())


def _parse(content: bytes) -> Any:
    _check_fields(content)
    payload = _classes()["Payload"]()
    from google.protobuf.message import DecodeError  # noqa: PLC0415 -- an extra

    try:
        payload.ParseFromString(content)
    except DecodeError:
        raise PayloadError("reject_no_sparkplug") from None
    return payload


def _check_fields(content: bytes) -> None:
    """Refuse what would take far more memory than bytes."""
    count = count_fields(content, _NESTED, "Payload", MAX_FIELDS) if len(content) > _FEW_BYTES else 0
    if count is None:
        raise PayloadError("reject_no_sparkplug")
    if count > MAX_FIELDS:
        raise PayloadError("reject_large_payload")


def _inflate(body: bytes) -> bytes:
    """The unpacked body: zlib or gzip, by its first bytes."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        content = unpacker.decompress(body, MAX_INFLATED)
    except zlib.error:
        raise PayloadError("reject_no_sparkplug") from None
    if not unpacker.eof:
        raise PayloadError("reject_large_payload" if unpacker.unconsumed_tail else "reject_no_sparkplug")
    return content


@functools.cache
def _classes() -> Mapping[str, type[Any]]:
    """The classes of the messages, made of `_FIELDS`."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError:
        raise MachineError("extra_missing", extra="sparkplug") from None
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        if message == "Metric":
            described.oneof_decl.add(name=_VALUE)
        for name, (number, kind) in fields.items():
            own = kind.strip("[]")
            field = described.field.add(
                name=name, number=number, label=kinds.LABEL_REPEATED if own != kind else kinds.LABEL_OPTIONAL
            )
            if own in _FIELDS:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{own}"
            else:
                field.type = kinds.Type.Value(f"TYPE_{own.upper()}")
            if message == "Metric" and name.endswith("_value"):
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _FIELDS}
