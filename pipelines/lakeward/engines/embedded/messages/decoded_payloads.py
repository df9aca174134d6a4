"""Binary payloads of segments as a table of JSON, beside their messages."""

from collections.abc import Iterator
from typing import Any

import duckdb

from lakeward.contracts.payload import PayloadFormat
from lakeward.contracts.payload_schemas import read_schema_set
from lakeward.core.errors import MachineError
from lakeward.engines.embedded.messages.payload_decoders import PayloadDecoder
from lakeward.engines.embedded.messages.segments import BYTES, Segments

# Payloads that are decoded at a time, or bytes of them; and those that are fetched at a time.
CHUNK, CHUNK_BYTES, FETCH = 20_000, 32 << 20, 100


def decode_payloads(con: duckdb.DuckDBPyConnection, segments: Segments, payload: PayloadFormat, table: str) -> None:
    """Make the temporary table of `seq, m, text, fault, schema_label`: one row per message that has a payload.

    Raises:
        MachineError: The schemas that were kept with the segments are damaged, or an extra is missing.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError:
        raise MachineError("segments_without_arrow") from None
    decoder = PayloadDecoder(payload, read_schema_set(segments.schemas))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} (seq BIGINT, m BIGINT, text VARCHAR, fault VARCHAR, schema_label VARCHAR)")
    with con.cursor() as reading:
        reading.execute(f"SELECT seq, m, {BYTES} FROM ({segments.raw_select()}) WHERE {BYTES} IS NOT NULL")
        for rows in _chunks(reading):
            decoded = [decoder.decode(content) for _, _, content in rows]
            columns = [[row[0] for row in rows], [row[1] for row in rows], *zip(*decoded, strict=True)]
            types = (pa.int64(), pa.int64(), pa.string(), pa.string(), pa.string())
            arrays = [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)]
            chunk = pa.Table.from_arrays(arrays, names=["seq", "m", "text", "fault", "schema_label"])
            con.register("decoded_chunk", chunk)
            con.execute(f"INSERT INTO {table} SELECT * FROM decoded_chunk")
            con.unregister("decoded_chunk")


def _chunks(reading: Any) -> Iterator[list[tuple[int, int, bytes]]]:
    """The rows of a query, in lists that are bounded in rows and in bytes of payloads."""
    chunk: list[tuple[int, int, bytes]] = []
    size = 0
    while rows := reading.fetchmany(FETCH):
        chunk += rows
        size += sum(len(content) for *_, content in rows)
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
