"""The wire form of Protocol Buffers, as far as the messages of Flight SQL need it: numbers and byte strings, no groups.

Spec: https://protobuf.dev/programming-guides/encoding/ ; the messages are those of `FlightSql.proto` of Apache Arrow, which are flat.
"""

from collections.abc import Iterable

from lakeward.core.errors import UsageError

VARINT, BYTES = 0, 2
# Sizes in bytes of the forms with a fixed size, which no message here has.
_FIXED = {1: 8, 5: 4}
# Bytes of the longest number, and of the longest message.
_LONGEST, MAX_MESSAGE = 10, 2_000_000
_NUMBER_BITS = 64
# Largest number of a field.
_MAX_FIELD = 536_870_911

Value = int | bytes
# Field number -> its values, in order.
Fields = dict[int, list[Value]]


def read_fields(message: bytes) -> Fields:
    """The fields of a message; a field with a fixed size is left out, as an unknown one would be.

    Raises:
        UsageError: It is no message, or longer than `MAX_MESSAGE`.
    """
    if len(message) > MAX_MESSAGE:
        raise UsageError("flight_message_too_large", expected=MAX_MESSAGE, found=len(message))
    fields: Fields = {}
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        field, form = key >> 3, key & 7
        if not 1 <= field <= _MAX_FIELD:
            raise _not_valid()
        if form == VARINT:
            value, at = _number(message, at)
            fields.setdefault(field, []).append(value)
        elif form == BYTES:
            size, at = _number(message, at)
            fields.setdefault(field, []).append(_take(message, at, size))
            at += size
        else:
            size = _FIXED.get(form, len(message))
            _take(message, at, size)
            at += size
    return fields


def write_fields(fields: Iterable[tuple[int, Value]]) -> bytes:
    """A message of these fields, in their order."""
    parts = []
    for field, value in fields:
        if isinstance(value, int):
            parts += [_encode(field << 3 | VARINT), _encode(value)]
        else:
            parts += [_encode(field << 3 | BYTES), _encode(len(value)), value]
    return b"".join(parts)


def last_bytes(fields: Fields, field: int) -> bytes:
    """The value of a field of bytes; of several the last one, of none an empty one.

    Raises:
        UsageError: It is a number.
    """
    found = fields.get(field, [b""])[-1]
    if isinstance(found, int):
        raise _not_valid()
    return found


def last_text(fields: Fields, field: int) -> str | None:
    """The value of a field of text; None if it is not there.

    Raises:
        UsageError: It is a number, or not UTF-8.
    """
    if field not in fields:
        return None
    try:
        return last_bytes(fields, field).decode()
    except UnicodeDecodeError:
        raise _not_valid() from None


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A number and the place after it."""
    value = 0
    for length, byte in enumerate(message[at : at + _LONGEST]):
        value |= (byte & 0x7F) << 7 * length
        if byte < 0x80:
            if value >> _NUMBER_BITS:
                break
            return value, at + length + 1
    raise _not_valid()


def _take(message: bytes, at: int, size: int) -> bytes:
    if size > len(message) - at:
        raise _not_valid()
    return message[at : at + size]


def _encode(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _not_valid() -> UsageError:
    return UsageError("flight_message_not_valid")
