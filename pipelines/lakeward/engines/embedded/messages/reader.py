"""Reads the messages of a batch: one scan decodes them into a table of the session, from which rows and rejects come."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column
from lakeward.contracts.payload import (
    DECODER_VERSION,
    ENVELOPE_MARK,
    POINTER_MARK,
    RECORDS_PER_MESSAGE,
    PayloadFormat,
    PayloadKind,
)
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.errors import InvariantError
from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.messages import columns as sql
from lakeward.engines.embedded.messages.decoded_payloads import decode_payloads
from lakeward.engines.embedded.messages.json_items import entries_select
from lakeward.engines.embedded.messages.line_items import lines_select, texts_select
from lakeward.engines.embedded.messages.segments import BYTES, Segments, open_segments
from lakeward.engines.embedded.messages.series import with_series
from lakeward.engines.embedded.messages.sparkplug.reader import sparkplug_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_records import CsvRecordSql
from lakeward.engines.text.staging_queries import StagingQueries

# Decoded records of the batch, and binary payloads as JSON: one table per mapping and schemas.
_DECODED, _PAYLOADS = "staged_messages", "staged_payloads"
# With which version a record was not read.
_DETAIL = f"CASE WHEN why IS NOT NULL THEN concat({literal(f'decoder {DECODER_VERSION}')}, '; schema ' || schema_label) END"


def read_messages(
    con: duckdb.DuckDBPyConnection, files: Sequence[BatchInput], record_format: RecordFormat, columns: Sequence[Column]
) -> StagingQueries:
    """Read segments of messages; what can't be decoded is a reject with its bytes.

    Raises:
        InvariantError: A message is neither in the rows nor in the rejects.
    """
    reading = StagingQueries(DUCKDB)
    payload = record_format.payload
    if not files or payload is None:
        return reading
    for at, found in enumerate(open_segments(con, files, reading)):
        table, segments = f"{_DECODED}_{at}", replace(found, address_field=payload.address)
        if payload.kind.needs_schema:
            segments = replace(segments, decoded=f"{_PAYLOADS}_{at}")
            decode_payloads(con, segments, payload, segments.decoded)
        select = (
            sparkplug_select(con, segments, columns, f"{table}_readings")
            if payload.kind is PayloadKind.SPARKPLUG
            else _decoded_select(segments, payload, record_format, columns)
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {select}")
        reading.reports += _reports(con, table, segments, payload)
        place = "_file, _file_seq, _row"
        detail = "_detail" if payload.kind.needs_schema else literal(f"decoder {DECODER_VERSION}")
        rejects = f"_reason AS reason, {detail} AS detail, _raw AS raw"
        reading.rejects.append(f"SELECT {place}, {rejects} FROM {table} WHERE _reason IS NOT NULL")
        named = ", ".join(identifier(column.name) for column in columns)
        reading.rows.append(f"SELECT {named}, {place}, _extra FROM {table} WHERE _reason IS NULL")
    return reading


def _decoded_select(segments: Segments, payload: PayloadFormat, record_format: RecordFormat, columns: Sequence[Column]) -> str:
    """SELECT of the columns and of `_file, _file_seq, _row, _extra`, and `_reason, _detail, _raw` of rejects: names that no column can have."""
    items, values, extra, records = _parts(segments, payload, record_format, columns)
    named = "".join(f", {value} AS {identifier(column.name)}" for column, value in zip(columns, values, strict=True))
    computed = "".join(f", {item} AS {name}" for name, item in items.items())
    own = BYTES if payload.kind.needs_schema else f"CASE WHEN it IS NULL THEN {BYTES} ELSE encode(it::VARCHAR) END"
    raw = f"CASE WHEN why IS NOT NULL THEN {own} END"
    return f"""SELECT file AS _file, seq AS _file_seq, n AS _row, why AS _reason, {_DETAIL} AS _detail, {raw} AS _raw, {extra} AS _extra{named}
        FROM ({with_series(f"SELECT *{computed} FROM ({records})", segments)})"""


def _parts(
    segments: Segments, payload: PayloadFormat, record_format: RecordFormat, columns: Sequence[Column]
) -> tuple[dict[str, str], list[str], str, str]:
    """Items to compute of each record, the columns' values, the unknown members, and the SELECT of the records."""
    messages, none = segments.messages_select(), "CAST(NULL AS VARCHAR)"
    if payload.kind is PayloadKind.CSV:
        items = {"r_address": segments.address, "r_own_unit": none}
        return (
            items,
            [_value(c, segments, _line_field(record_format)) for c in columns],
            none,
            lines_select(messages, record_format),
        )
    if payload.kind is PayloadKind.TEXT:
        items = sql.text_items(segments, record_format) | {"r_plain": "v"}
        return items, [_value(c, segments, sql.text_value) for c in columns], none, texts_select(messages)
    records = entries_select(messages, payload)
    layout = payload.readings
    if layout:
        items = sql.reading_items(layout, segments)
        items["r_plain"] = f"{items['r_json']}->>'$'"
        return items, [_value(c, segments, lambda name: sql.reading_value(name, layout)) for c in columns], none, records
    plain = "CASE WHEN json_type(it) NOT IN ('OBJECT', 'ARRAY') THEN it->>'$' END"
    names = [name for column in columns for name in column.joined_names or column.source_names]
    needs_object = all(name != f"{ENVELOPE_MARK}value" for name in names)
    checked = f"""SELECT * REPLACE (CASE WHEN why IS NULL AND json_type(it) <> 'OBJECT' AND {str(needs_object).lower()}
        THEN 'reject_no_object' ELSE why END AS why) FROM ({records})"""
    items = {"r_address": segments.address, "r_own_unit": none, "r_plain": plain}
    return items, [_value(c, segments, sql.member_value) for c in columns], sql.unknown_members(names), checked


def _value(column: Column, segments: Segments, field_of: Callable[[str], str]) -> str:
    def value_of(name: str) -> str:
        if name.startswith(ENVELOPE_MARK):
            return sql.envelope_value(name, segments)
        return sql.member_value(name) if name.startswith(POINTER_MARK) else field_of(name)

    return sql.column_value(column, value_of, lambda name: f"{value_of(name)} IS NOT NULL")


def _line_field(record_format: RecordFormat) -> Callable[[str], str]:
    dialect = CsvRecordSql.of(record_format, "\n", DUCKDB)
    places = {name: at for at, name in enumerate(record_format.names, 1)}
    return lambda name: dialect.field_value(f"f[{places[name]}]") if name in places else "CAST(NULL AS VARCHAR)"


def _reports(con: duckdb.DuckDBPyConnection, table: str, segments: Segments, payload: PayloadFormat) -> Iterator[FileReport]:
    """A report per segment; each of its messages is in the table.

    Raises:
        InvariantError: One is not.
    """
    message = f"_row // {RECORDS_PER_MESSAGE}" if payload.holds_several else "_row"
    counted = con.execute(f"SELECT _file_seq, count(*), count(DISTINCT {message}) FROM {table} GROUP BY _file_seq").fetchall()
    found = {seq: (records, messages) for seq, records, messages in counted}
    for file, messages in segments.files.items():
        records, decoded = found.get(file.seq, (0, 0))
        if decoded != messages:
            raise InvariantError("messages_lost", file=file.name, expected=messages, found=decoded)
        yield FileReport(file.seq, file.name, records)
