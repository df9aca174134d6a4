"""Delimited text files on DuckDB: files with the same header are read by one SELECT."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport, OmittedLines
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, holds_values, match_columns
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.reading.csv_headers import CsvFile, FileFault, open_csv
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.reading.text_lines import TextFile, data_lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import CsvGroup, CsvLayout, multiline_records_select
from lakeward.engines.text.csv_records import CsvRecordSql
from lakeward.engines.text.repeated_headers import OTHER_HEADER, HeaderLike
from lakeward.engines.text.staging_queries import StagingQueries


def read_csv(
    con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], record_format: RecordFormat, columns: Sequence[Column]
) -> StagingQueries:
    """Read delimited files, all under the contract's dialect."""
    reading = StagingQueries(DUCKDB)
    con.execute("CREATE OR REPLACE TEMP TABLE staged_spans (file VARCHAR, seq BIGINT, n BIGINT, last BIGINT, text VARCHAR)")
    known: list[CsvFile] = []
    for file in files:
        found = try_read(
            partial(open_csv, con, file, CsvRecordSql.of(record_format, file.view.newline, DUCKDB), record_format, columns)
        ) or FileFault("reject_unreadable")
        if isinstance(found, FileFault):
            reading.reject_file(file.input, *found)
        else:
            known.append(found)
    for _, group in itertools.groupby(sorted(known, key=lambda f: repr(f.kind)), key=lambda f: f.kind):
        _read(con, reading, tuple(group), columns, record_format.columns_found)
    return reading


def _read(
    con: duckdb.DuckDBPyConnection, reading: StagingQueries, files: Sequence[CsvFile], columns: Sequence[Column], least: float
) -> None:
    """Add the files of one kind to the reading; `least` is the share of the columns that they must have."""
    kind = files[0].kind
    match = match_columns(columns, kind.header, least if kind.header else 0)
    if match.fault == OTHER_COLUMNS and holds_values(kind.header):
        files = [replace(file, text=replace(file.text, skip=0), lines=file.lines + file.head_lines) for file in files]
    if kind.has_multiline_records:
        lined = data_lines_select([file.text for file in files])
        con.execute(f"INSERT INTO staged_spans {multiline_records_select(kind, lined)}")
    group = _open_group(kind, files, columns, match)
    if match.sources and not match.fault and any(file.header_like for file in files):
        kind, files = _find_headers(con, reading, group, files)
        if not files:
            return
        group = _open_group(kind, files, columns, match)
    comments = _comments(con, group) if kind.dialect.comment else {}
    for file, count in _counts(con, files, group.records()):
        seq = file.text.input.seq
        if match.fault == OTHER_COLUMNS and not count:
            reading.reject_columns(file.text.input, kind.header)
        else:
            report = FileReport.of_match(file.text.input, count, kind.header, match)
            reading.reports.append(replace(report, omitted=(*comments.get(seq, ()), *file.omitted)))
    group.read(reading)


def _open_group(kind: CsvLayout, files: Sequence[CsvFile], columns: Sequence[Column], match: ColumnMatch) -> CsvGroup:
    seqs = ", ".join(str(file.text.input.seq) for file in files)
    lined = data_lines_select([file.text for file in files])
    return CsvGroup(kind, lined, columns, match, f"SELECT * FROM staged_spans WHERE seq IN ({seqs})")


def _find_headers(
    con: duckdb.DuckDBPyConnection, reading: StagingQueries, group: CsvGroup, files: Sequence[CsvFile]
) -> tuple[CsvLayout, list[CsvFile]]:
    """The layout with its headers that come again; and the files without that of another table, which are rejected."""
    found = con.execute(group.header_like_lines()).fetchall()
    kind, others = group.find_headers([HeaderLike(*row) for row in found])
    for file in files:
        if (line := others.get(file.text.input.seq)) is not None:
            reading.reject_file(file.text.input, OTHER_HEADER, f"line {line}")
    return kind, [file for file in files if file.text.input.seq not in others]


def _counts(con: duckdb.DuckDBPyConnection, files: Sequence[CsvFile], records: str) -> Iterable[tuple[CsvFile, int]]:
    """Records of each file: its lines, or, if quotes join lines, the result of a separate count."""
    if not files[0].kind.has_multiline_records:
        return [(file, file.lines) for file in files]
    counts = dict(con.execute(f"SELECT seq, count(*) FROM ({records}) GROUP BY seq").fetchall())
    return [(file, counts.get(file.text.input.seq, 0)) for file in files]


def _comments(con: duckdb.DuckDBPyConnection, group: CsvGroup) -> dict[int, tuple[OmittedLines, ...]]:
    """The comments below the header of each file that has some."""
    found = con.execute(group.comment_lines()).fetchall()
    return {seq: (OmittedLines("comment", lines, first),) for seq, lines, first in found}
