"""Reads segments of Sparkplug B into a table of the session, block by block, and that table as rows."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import duckdb

from lakeward.contracts.model import Column
from lakeward.contracts.payload import ENVELOPE_MARK, RECEIVED, RECORDS_PER_MESSAGE
from lakeward.core.sparkplug.sessions import read_events
from lakeward.core.sql import identifier
from lakeward.engines.embedded.messages import columns as sql
from lakeward.engines.embedded.messages.segments import ADDRESS, BYTES, Segments, own_name
from lakeward.engines.embedded.messages.series import with_series
from lakeward.engines.embedded.messages.sparkplug.decoder import Decoder, LandedMessage, Reading
from lakeward.engines.embedded.messages.sparkplug.timeline import Timeline

# Messages and readings of one block: bounds the memory, also where messages are large.
_MESSAGES, _READINGS = 200, 50_000
# Fields of a reading that a column can name after `$` -> its name here.
_ENVELOPE = {
    **{name: name for name in ("group", "edge", "device", "metric", "message", "alias", "datatype", "historical", "transient")},
    "seq": "sequence",
    "bd_seq": "session",
}
# Columns of a reading that the decoder gives as they are; `address`, `series` and `unit` come with the mapping.
_READING = ("ts", "value", "value_text", "status", "quality")
_BLOCK = "sparkplug_block"


def sparkplug_select(con: duckdb.DuckDBPyConnection, segments: Segments, columns: Sequence[Column], table: str) -> str:
    """SELECT of the columns and of `_file, _file_seq, _row, _reason, _raw, _extra`, over a table of readings that is made here.

    Args:
        table: Name of that table.

    Raises:
        MachineError: The extra is missing.
    """
    _decode(con, segments, table)
    own = [identifier(name) for name in Reading._fields if name not in {"segment", "number"}]
    joined = f"""SELECT s.*, {", ".join(f"d.{name} AS {_with_prefix(name)}" for name in own)} FROM {table} d
        JOIN ({segments.messages_select()}) s ON s.seq = d.segment AND s.m = d.number"""
    items = {"r_address": "d_address", "r_own_unit": "d_unit"}
    computed = ", ".join(f"{value} AS {name}" for name, value in items.items())
    rows = with_series(f"SELECT *, {computed} FROM ({joined})", segments)
    named = "".join(f", {_column(column, segments)} AS {identifier(column.name)}" for column in columns)
    raw = f"CASE WHEN d_reason IS NOT NULL THEN coalesce(d_raw, {BYTES}) END"
    return f"""SELECT file AS _file, seq AS _file_seq, m * {RECORDS_PER_MESSAGE} + d_item AS _row, d_reason AS _reason, {raw} AS _raw,
        CAST(NULL AS VARCHAR) AS _extra{named} FROM ({rows})"""


def _column(column: Column, segments: Segments) -> str:
    def value_of(name: str) -> str:
        if name in _READING:
            return f"d_{name}"
        field = name.removeprefix(ENVELOPE_MARK)
        if name != field and field in _ENVELOPE:
            return f"d_{_ENVELOPE[field]}"
        if name != field and field == "value":
            return "coalesce(d_value, d_value_text)"
        return sql.envelope_value(f"{ENVELOPE_MARK}{field}", segments)

    return sql.column_value(column, value_of, lambda name: f"{value_of(name)} IS NOT NULL")


def _with_prefix(name: str) -> str:
    return f"d_{name.strip(chr(34))}"


def _decode(con: duckdb.DuckDBPyConnection, segments: Segments, table: str) -> None:
    """Make the table of readings, block by block."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra

    numbers = {"segment", "number", "item"}
    schema = pa.schema(
        [(name, pa.int64() if name in numbers else pa.binary() if name == "raw" else pa.string()) for name in Reading._fields]
    )
    kinds = ", ".join(
        f"{identifier(name)} {'BIGINT' if name in numbers else 'BLOB' if name == 'raw' else 'VARCHAR'}"
        for name in Reading._fields
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({kinds})")
    births = segments.births
    readings = Decoder(Timeline.of(read_events(births) if births else ())).readings(_messages(con, segments))
    while block := list(islice(readings, _READINGS)):
        arrays = [pa.array(values, kind.type) for values, kind in zip(zip(*block, strict=True), schema, strict=True)]
        con.register(_BLOCK, pa.Table.from_arrays(arrays, schema=schema))
        try:
            con.execute(f"INSERT INTO {table} SELECT * FROM {_BLOCK}")
        finally:
            con.unregister(_BLOCK)


def _messages(con: duckdb.DuckDBPyConnection, segments: Segments) -> Iterator[LandedMessage]:
    """The messages in their order, read beside the session's own queries."""
    query = f"""SELECT seq, m, {ADDRESS}, {BYTES}, epoch_us({own_name(RECEIVED)}), epoch_us({own_name("connected_at")})
        FROM ({segments.messages_select()}) ORDER BY seq, m"""
    with con.cursor() as beside:
        found: Any = beside.execute(query)
        while block := found.fetchmany(_MESSAGES):
            yield from map(LandedMessage._make, block)
