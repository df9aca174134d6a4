"""Parquet files of one column, byte by byte: any physical type under any annotation, also such as no writer at hand makes.

By the format's own description (github.com/apache/parquet-format): one row group, one plain page, no compression.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)
# Converted types, by their numbers in the format.
UTF8, ENUM, DECIMAL, DATE, TIME_MILLIS, TIME_MICROS, TIMESTAMP_MILLIS, TIMESTAMP_MICROS = 0, 4, 5, 6, 7, 8, 9, 10
UINT_8, UINT_16, UINT_32, UINT_64, INT_8, INT_16, INT_32, INT_64, JSON, BSON, INTERVAL = range(11, 22)
_I32, _I64, _BINARY, _LIST, _STRUCT, _BYTE, _TRUE, _FALSE = 5, 6, 8, 9, 12, 3, 1, 2


def write_column(file: Path, physical: int, values: Sequence[bytes], **annotation: Any) -> Path:
    """Write `file` with one required column.

    Args:
        values: Each as the page holds it; of BYTE_ARRAY without its length.
        annotation: `length` of FIXED, `converted` (a number above), `precision`, `scale`, `logical` (of the format's union),
            `name` of the column; else it is `x`.
    """
    if physical == BYTE_ARRAY:
        values = [struct.pack("<i", len(value)) + value for value in values]
    body = b"".join(values)
    count = len(values)
    header = _struct({1: (_I32, 0), 2: (_I32, len(body)), 3: (_I32, len(body)), 5: (_STRUCT, _page_header(count))})
    start = 4
    content = b"PAR1" + header + body
    chunk = {
        1: (_I32, physical),
        2: (_LIST, (_I32, [0])),
        3: (_LIST, (_BINARY, [annotation.get("name", "x").encode()])),
        4: (_I32, 0),
        5: (_I64, count),
        6: (_I64, len(header) + len(body)),
        7: (_I64, len(header) + len(body)),
        9: (_I64, start),
    }
    group = {
        1: (_LIST, (_STRUCT, [{2: (_I64, start), 3: (_STRUCT, chunk)}])),
        2: (_I64, len(header) + len(body)),
        3: (_I64, count),
    }
    root = {4: (_BINARY, b"schema"), 5: (_I32, 1)}
    footer = _struct(
        {
            1: (_I32, 1),
            2: (_LIST, (_STRUCT, [root, _schema_element(physical, annotation)])),
            3: (_I64, count),
            4: (_LIST, (_STRUCT, [group])),
        }
    )
    file.write_bytes(content + footer + struct.pack("<i", len(footer)) + b"PAR1")
    return file


def _page_header(count: int) -> Mapping[int, tuple[int, Any]]:
    return {1: (_I32, count), 2: (_I32, 0), 3: (_I32, 3), 4: (_I32, 3)}


def _schema_element(physical: int, annotation: Mapping[str, Any]) -> dict[int, tuple[int, Any]]:
    fields = {1: physical, 2: annotation.get("length"), 3: 0, 6: annotation.get("converted")}
    fields |= {7: annotation.get("scale"), 8: annotation.get("precision")}
    element: dict[int, tuple[int, Any]] = {number: (_I32, value) for number, value in fields.items() if value is not None}
    element[4] = (_BINARY, annotation.get("name", "x").encode())
    if logical := annotation.get("logical"):
        element[10] = (_STRUCT, logical)
    return element


def _struct(fields: Mapping[int, tuple[int, Any]]) -> bytes:
    """Thrift's compact form of a struct."""
    parts, last = [], 0
    for number, (kind, value) in sorted(fields.items()):
        head = bytes([(number - last) << 4 | kind]) if number - last < 16 else bytes([kind]) + _varint(number << 1)
        parts += [head, _value(kind, value)]
        last = number
    return b"".join(parts) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_TRUE, _FALSE):
        return b""
    if kind == _BYTE:
        return bytes([value])
    if kind in (_I32, _I64):
        return _varint((value << 1) ^ (value >> 63))
    if kind == _BINARY:
        return _varint(len(value)) + bytes(value)
    if kind == _STRUCT:
        return _struct(value)
    item, items = value
    head = bytes([len(items) << 4 | item]) if len(items) < 15 else bytes([0xF0 | item]) + _varint(len(items))
    return head + b"".join(_value(item, one) for one in items)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def logical_type(number: int) -> Mapping[int, tuple[int, Any]]:
    """The format's union of logical types with this member, which has no arguments."""
    return {number: (_STRUCT, {})}


def logical_integer(bits: int, *, signed: bool) -> Mapping[int, tuple[int, Any]]:
    """The logical type of integers."""
    return {10: (_STRUCT, {1: (_BYTE, bits), 2: (_TRUE if signed else _FALSE, 0)})}
