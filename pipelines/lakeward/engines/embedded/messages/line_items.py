"""Payloads that are text: lines of delimited fields, and single values, as SQL."""

from lakeward.contracts.payload import RECORDS_PER_MESSAGE
from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.embedded.messages.segments import BYTES
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_records import CsvRecordSql, reject_reason

_FAULT = (
    f"CASE WHEN {BYTES} IS NULL THEN 'reject_tombstone' WHEN coalesce(trim(text, ' \t\r\n'), '') = '' AND (text IS NOT NULL OR coalesce(octet_length({BYTES}), 0) = 0) "
    "THEN 'reject_empty_message' WHEN text IS NULL THEN 'reject_encoding' END"
)


def texts_select(messages: str) -> str:
    """SELECT of the messages' columns with `n`, `v` (the text without blanks around it), `it` (NULL) and `why`."""
    return f"SELECT *, m AS n, trim(text, ' \t\r\n') AS v, NULL::JSON AS it, {_FAULT} AS why FROM ({messages})"


def lines_select(messages: str, record_format: RecordFormat) -> str:
    """SELECT of the messages' columns with `n` (number of the line), `f` (fields as written), `it` (the line) and `why`; blank lines are none."""
    dialect = CsvRecordSql.of(record_format, "\n", DUCKDB)
    width = len(record_format.names)
    listed = f"""SELECT *, {_FAULT} AS fault, list_filter(list_transform(string_split(text, chr(10)), lambda l: rtrim(l, chr(13))),
        lambda l: trim(l, ' \t') <> '') AS lines FROM ({messages})"""
    kept = f"CASE WHEN fault IS NOT NULL THEN [NULL::VARCHAR] WHEN len(lines) >= {RECORDS_PER_MESSAGE} THEN [NULL::VARCHAR] ELSE lines END"
    numbered = f"""SELECT * EXCLUDE (lines, text, fault), unnest({kept}) AS text, generate_subscripts({kept}, 1) AS i,
        coalesce(fault, CASE WHEN len(lines) >= {RECORDS_PER_MESSAGE} THEN 'reject_many_records' END) AS fault FROM ({listed})"""
    split = f"SELECT *, {dialect.split_fields('text')} AS f FROM ({numbered})"
    why = f"coalesce(fault, {reject_reason(dialect, width, width, undecoded=False)})"
    return (
        f"SELECT *, m * {RECORDS_PER_MESSAGE} + i AS n, CASE WHEN fault IS NULL THEN text END AS it, {why} AS why FROM ({split})"
    )
