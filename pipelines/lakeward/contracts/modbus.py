"""Reads the keys of a contract that describe registers of Modbus devices."""

from collections.abc import Mapping
from dataclasses import replace

from lakeward.contracts import segment_keys
from lakeward.contracts.collected_source import MODBUS_POLL_MS, MODBUS_TIMEOUT_MS, ModbusSource
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.payload import RECEIVED, TOPIC, VALUES_WITH_STATUS
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import bounded_integer, read_connection_name, read_segment_bounds
from lakeward.contracts.source import LIMIT_BYTES
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

# Fields of a value around it, which columns can name after `$`: `registers` are those in hexadecimal digits.
ENVELOPE = (TOPIC, RECEIVED, "registers", "failure")
MAX_MS, MAX_GAP = 86_400_000, 124
KEYS: Mapping[str, KeyDoc] = {
    "pollMs": KeyDoc("whole number", "Milliseconds between two reads of a register.", f"{MODBUS_POLL_MS}"),
    "timeoutMs": KeyDoc("whole number", "Milliseconds that a device may take to answer.", f"{MODBUS_TIMEOUT_MS}"),
    **segment_keys.KEYS,
}


def read_modbus(view: View, retention_days: int | None) -> tuple[ModbusSource, RecordFormat]:
    """The polling in a mapping, and the record format of its values."""
    source = ModbusSource(
        connection=read_connection_name(view),
        poll_ms=bounded_integer(view, "pollMs", MODBUS_POLL_MS, MAX_MS),
        timeout_ms=bounded_integer(view, "timeoutMs", MODBUS_TIMEOUT_MS, MAX_MS),
        segment=read_segment_bounds(view),
        limit_bytes=view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES),
        retention_days=retention_days,
    )
    form = read_record_format(view, LIMIT_BYTES, FileFormat.MESSAGES)
    return source, replace(form, payload=replace(VALUES_WITH_STATUS, envelope=ENVELOPE))
