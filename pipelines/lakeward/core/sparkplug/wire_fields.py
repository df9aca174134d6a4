"""Counts the fields of a payload of protobuf without building it: a few bytes can claim millions of empty messages."""

from collections.abc import Mapping

# Types on the wire (protobuf encoding): a number in groups of 7 bits, 8 bytes, a length and its bytes, 4 bytes.
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: 8, _FOUR: 4}
# Bytes of the longest number.
_LONGEST = 10
# Message -> number of a field -> the message in it.
Nested = Mapping[str, Mapping[int, str]]


def count_fields(content: bytes, nested: Nested, root: str, most: int) -> int | None:
    """Number of fields of message `root` and of those in it; counting ends at `most` + 1. None if it is no protobuf."""
    count, spans = 0, [(root, 0, len(content))]
    while spans and count <= most:
        message, at, end = spans.pop()
        inner = nested.get(message, {})
        while at < end and count <= most:
            found = _next_field(content, at, end)
            if found is None:
                return None
            number, start, at = found
            count += 1
            if number in inner and at > start:
                spans.append((inner[number], start, at))
    return count


def _next_field(content: bytes, at: int, end: int) -> tuple[int, int, int] | None:
    """Number of the field at `at`, and where its content begins and ends; None if there is no field."""
    tag, at = _number(content, at, end)
    kind = tag & 7
    if at < 0 or kind not in {_VARINT, _LENGTH, *_FIXED}:
        return None
    if kind == _VARINT:
        start, (_, stop) = at, _number(content, at, end)
    else:
        length, start = _number(content, at, end) if kind == _LENGTH else (_FIXED[kind], at)
        stop = start + length if start >= 0 else -1
    return None if not 0 <= stop <= end else (tag >> 3, start, stop)


def _number(content: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at `at`, and where the next byte is; -1 if it does not end there."""
    value = 0
    for place, byte in enumerate(content[at : min(at + _LONGEST, end)]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return 0, -1
