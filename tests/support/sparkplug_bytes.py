"""Payloads of Sparkplug B byte by byte: written from the wire format of protobuf alone, so that nothing of the reader is in them."""

import struct

# Data types by their numbers.
INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME, TEXT, UUID, DATA_SET, BYTES, FILE, TEMPLATE = range(9, 20)
INT32_ARRAY = 24


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def whole(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number & (1 << 64) - 1)


def sized(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


# How the value of each type lies on the wire.
FIELDS = {
    **dict.fromkeys((INT8, INT16, INT32, UINT8, UINT16), lambda value: whole(10, value & 0xFFFFFFFF)),
    **dict.fromkeys((INT64, UINT32, UINT64, DATE_TIME), lambda value: whole(11, value)),
    FLOAT: lambda value: varint(12 << 3 | 5) + struct.pack("<f", value),
    DOUBLE: lambda value: varint(13 << 3 | 1) + struct.pack("<d", value),
    BOOLEAN: lambda value: whole(14, int(value)),
    **dict.fromkeys((STRING, TEXT, UUID), lambda value: sized(15, value.encode())),
    DATA_SET: lambda value: sized(17, value),
    TEMPLATE: lambda value: sized(18, value),
}


def value_field(datatype: int, value) -> bytes:
    """The value as the specification asks for it; of other types as bytes."""
    return FIELDS.get(datatype, lambda content: sized(16, content))(value)


def metric(name=None, datatype=None, value=None, *, alias=None, ts=None, historical=None, unit=None, quality=None, raw=None):
    """One metric; without `value` it is null, unless `raw` is its value field."""
    out = b""
    if name is not None:
        out += sized(1, name.encode() if isinstance(name, str) else name)
    if alias is not None:
        out += whole(2, alias)
    if ts is not None:
        out += whole(3, ts)
    if datatype is not None:
        out += whole(4, datatype)
    if historical is not None:
        out += whole(5, int(historical))
    properties = [("engUnit", whole(1, STRING) + sized(8, unit.encode()))] if unit else []
    properties += [("Quality", whole(1, INT32) + whole(3, quality))] if quality is not None else []
    if properties:
        out += sized(9, b"".join(sized(1, key.encode()) for key, _ in properties) + b"".join(sized(2, v) for _, v in properties))
    if raw is not None:
        return out + raw
    return out + (whole(7, 1) if value is None else value_field(datatype, value))


def aliased(alias, datatype, value, **more):
    """A metric of data as edges with aliases send it: no name, no type."""
    return metric(alias=alias, raw=value_field(datatype, value), **more)


def payload(*metrics, ts=None, seq=None) -> bytes:
    out = whole(1, ts) if ts is not None else b""
    out += b"".join(sized(2, one) for one in metrics)
    return out + (whole(3, seq) if seq is not None else b"")


def bd_seq(number: int) -> bytes:
    return metric("bdSeq", INT64, number)
