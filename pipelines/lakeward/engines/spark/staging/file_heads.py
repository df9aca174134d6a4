r"""Reads the beginning of a text file on the driver, for its header.

The driver reads further only if a file must be copied for executors: an encoding that is not UTF-8, or lines
that end in a carriage return only. Such a file passes through the driver's codecs block by block, not row by row.
"""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.engines.connections import connect
from lakeward.engines.reading.csv_headers import CsvHeader, FileFault, read_header
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.reading.json_arrays import json_lines_view
from lakeward.engines.reading.text_lines import MAX_LINE_BYTES, TextFile
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.spark.staging.lines import SparkTextFile
from lakeward.engines.text.csv_records import MAX_RECORD_LINES, CsvRecordSql
from lakeward.engines.text.decoding import TextView, utf8_view

_CHUNK = 64 << 10
_UTF8 = ("utf-8", "utf8", "utf-8-sig", "utf_8", "utf_8_sig", "ascii")


def open_text(file: BatchInput, record_format: RecordFormat, scratch: Path) -> SparkTextFile | str:
    """How executors are to read the file; or the reason why they can't: a line beyond all bounds, an array that is cut short.

    Raises:
        OtherEncodingError: The file is UTF-8 and the contract declares another encoding.
    """
    if file.format is not FileFormat.JSONL:
        return _open_lines(file, record_format, scratch)
    view = utf8_view(file.path, record_format.encoding, scratch)
    with connect() as con:
        found = json_lines_view(con, view, scratch)
    if found is view:
        return _open_lines(file, record_format, scratch)
    return found if isinstance(found, str) else SparkTextFile(TextFile(file, found), native=False)


def _open_lines(file: BatchInput, record_format: RecordFormat, scratch: Path) -> SparkTextFile | str:
    if record_format.encoding.lower() not in _UTF8:
        return SparkTextFile(TextFile(file, utf8_view(file.path, record_format.encoding, scratch)), native=False)
    head = _read_head(file.path)
    if b"\n" not in head and file.path.stat().st_size > len(head):
        return "reject_unreadable"
    if b"\r" in head and b"\n" not in head:
        return SparkTextFile(TextFile(file, utf8_view(file.path, record_format.encoding, scratch)), native=False)
    return SparkTextFile(TextFile(file, TextView(file.path, "\n")), native=True)


def read_csv_header(
    con: duckdb.DuckDBPyConnection, file: SparkTextFile, record_format: RecordFormat, columns: Sequence[Column], scratch: Path
) -> CsvHeader | FileFault:
    """The header of a delimited file, or why the whole file is rejected."""
    view = file.text.view
    if file.native:
        with tempfile.NamedTemporaryFile(dir=scratch, suffix=".head", delete=False) as copy:
            copy.write(_whole_lines(_read_head(view.path), view.path))
        view = utf8_view(Path(copy.name), "utf-8", scratch)
    dialect = CsvRecordSql.of(record_format, view.newline, DUCKDB)
    read_head = partial(read_header, con, TextFile(file.text.input, view), dialect, record_format, columns)
    return try_read(read_head) or FileFault("reject_unreadable")


def _read_head(path: Path) -> bytes:
    """Enough bytes for the first line that is not blank, and for the lines of a header of several lines."""
    head = b""
    with path.open("rb") as file:
        while len(head) <= MAX_LINE_BYTES and head.lstrip(b"\xef\xbb\xbf\r\n").count(b"\n") <= MAX_RECORD_LINES + 1:
            chunk = file.read(_CHUNK)
            if not chunk:
                break
            head += chunk
    return head


def _whole_lines(head: bytes, path: Path) -> bytes:
    return head if len(head) == path.stat().st_size else head[: head.rindex(b"\n") + 1]
