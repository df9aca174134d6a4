"""Delimited text files on DuckDB: files with the same header are read by one SELECT."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, holds_values, match_columns
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.reading.csv_headers import CsvFile, open_csv
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.reading.text_lines import TextFile, data_lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import CsvGroup, multiline_records_select
from lakeward.engines.text.csv_records import CsvRecordSql
from lakeward.engines.text.staging_queries import StagingQueries


def read_csv(
    con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], record_format: RecordFormat, columns: Sequence[Column]
) -> StagingQueries:
    """Read delimited files, all under the contract's dialect."""
    reading = StagingQueries(DUCKDB)
    con.execute("CREATE OR REPLACE TEMP TABLE staged_spans (file VARCHAR, seq BIGINT, n BIGINT, last BIGINT, text VARCHAR)")
    known: list[CsvFile] = []
    for file in files:
        found = (
            try_read(partial(open_csv, con, file, CsvRecordSql.of(record_format, file.view.newline, DUCKDB), record_format))
            or "reject_unreadable"
        )
        if isinstance(found, str):
            reading.reject_file(file.input, found)
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
        files = [CsvFile(replace(file.text, skip=0), kind, file.lines + file.head_lines) for file in files]
    lined = data_lines_select([file.text for file in files])
    if kind.has_multiline_records:
        con.execute(f"INSERT INTO staged_spans {multiline_records_select(kind, lined)}")
    seqs = ", ".join(str(file.text.input.seq) for file in files)
    group = CsvGroup(kind, lined, columns, match, f"SELECT * FROM staged_spans WHERE seq IN ({seqs})")
    for file, count in _counts(con, files, group.records()):
        if match.fault == OTHER_COLUMNS and not count:
            reading.reject_columns(file.input, kind.header)
        else:
            reading.reports.append(FileReport.of_match(file.input, count, kind.header, match))
    group.read(reading)


def _counts(con: duckdb.DuckDBPyConnection, files: Sequence[CsvFile], records: str) -> Iterable[tuple[TextFile, int]]:
    """Records of each file: its lines, or, if quotes join lines, the result of a separate count."""
    if not files[0].kind.has_multiline_records:
        return [(file.text, file.lines) for file in files]
    counts = dict(con.execute(f"SELECT seq, count(*) FROM ({records}) GROUP BY seq").fetchall())
    return [(file.text, counts.get(file.text.input.seq, 0)) for file in files]
