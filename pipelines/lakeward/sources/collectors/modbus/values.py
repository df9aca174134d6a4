"""Registers as values, and values as rows."""

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakeward.contracts.register_map import Register

SCHEMA = {
    "topic": "string",
    "payload": "binary",
    "received_at": "timestamp[us, UTC]",
    "registers": "string",
    "failure": "string",
}
# Statuses as OPC UA numbers them (OPC 10000-4, 7.39; OPC 10000-6, A.2).
GOOD, UNCERTAIN, BAD, TIMEOUT, NO_COMMUNICATION = 0, 0x4000_0000, 0x8000_0000, 0x800A_0000, 0x8031_0000
_FORMS = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float32": ">f",
    "int64": ">q",
    "uint64": ">Q",
    "float64": ">d",
}


@dataclass(frozen=True, slots=True)
class PolledValue:
    """What a read of one register gave.

    Args:
        value: None where there is no number.
        status: 32 bits as OPC UA has them.
        raw: The registers or bits in hexadecimal digits; empty where none came.
        fault: Why there is no good value; empty where there is one.
    """

    value: Decimal | float | bool | None
    status: int = GOOD
    raw: str = ""
    fault: str = ""


def decode(register: Register, words: Sequence[int]) -> PolledValue:
    """The value in the registers of one line, or in its bit.

    Args:
        words: As many registers of 16 bits, or bits, as the line has.
    """
    if register.function in {"coil", "discrete"}:
        return PolledValue(bool(words[0]), raw=f"{int(words[0])}")
    raw = struct.pack(f">{len(words)}H", *words)
    if register.bit is not None:
        return PolledValue(bool(words[0] >> register.bit & 1), raw=raw.hex())
    [number] = struct.unpack(_FORMS[register.type], _in_order(raw, register.order))
    if isinstance(number, float) and not math.isfinite(number):
        return PolledValue(None, UNCERTAIN, raw.hex(), "no number")
    return PolledValue(_scale_value(number, register), raw=raw.hex())


def value_row(register: Register, found: PolledValue, at: datetime) -> tuple[tuple[object, ...], int]:
    """A row of `SCHEMA`, and the bytes of its payload."""
    value = found.value
    text = "null" if value is None else json.dumps(value) if isinstance(value, bool | float) else f"{value:f}"
    time = at.isoformat().replace("+00:00", "Z")
    payload = f'{{"value":{{"Value":{text},"SourceTimestamp":{json.dumps(time)},"StatusCode":{found.status}}}}}'.encode()
    return (register.address, payload, at, found.raw or None, found.fault or None), len(payload)


def _in_order(raw: bytes, order: str) -> bytes:
    """The bytes with the most significant first."""
    words = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if order in {"CDAB", "DCBA"}:
        words.reverse()
    return b"".join(word[::-1] if order in {"BADC", "DCBA"} else word for word in words)


def _scale_value(number: float, register: Register) -> Decimal | float:
    """The scaled number: exact for whole numbers; a fraction stays the device's own where it is not scaled."""
    if isinstance(number, float):
        return number if register.scale == 1 and register.offset == 0 else number * float(register.scale) + float(register.offset)
    return number * register.scale + register.offset
