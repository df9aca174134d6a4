"""Counts of lines of a delimited file: what they hold, and what of them is no record by itself."""

import duckdb

from lakeward.engines.reading.text_lines import TextFile, lines_select, numbered_lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import CsvLayout
from lakeward.engines.text.csv_records import CsvRecordSql, reject_reason
from lakeward.engines.text.repeated_headers import HeaderRows


def count_head(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql, last: int, rows: HeaderRows
) -> tuple[int, int]:
    """Lines up to the last one of the header that a count of the file's lines holds; and those that are like the header."""
    cut = _fields_select(file, dialect, f"SELECT line FROM ({numbered_lines_select(file.view)} LIMIT {last})")
    lines, like = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {rows.is_like(dialect, 'text', 'f')}) FROM ({cut})"
    ).fetchall()[0]
    return lines, like


def count_all_lines(con: duckdb.DuckDBPyConnection, file: TextFile) -> int:
    """All lines of the file, blank ones too."""
    count: int = con.execute(f"SELECT count(*) FROM ({lines_select(file.view)})").fetchall()[0][0]
    return count


def line_counts_select(file: TextFile, dialect: CsvRecordSql, kind: CsvLayout) -> str:
    """SELECT of four counts: lines, those with an odd quote that are no record, those that are no record by themselves, those like the header.

    Needs no line numbers, so DuckDB reads the file with all threads.
    """
    cut = _fields_select(file, dialect, lines_select(file.view))
    bad = f"{reject_reason(dialect, len(kind.header), kind.least, undecoded=file.view.undecoded)} IS NOT NULL"
    odd = f"{dialect.has_odd_quotes('text')} AND {dialect.has_text_outside_fields('text', 'f')}"
    like = kind.head.is_like(dialect, "text", "f")
    return f"SELECT count(*), count_if({odd}), count_if({bad}), count_if({like}) FROM ({cut})"


def _fields_select(file: TextFile, dialect: CsvRecordSql, lines: str) -> str:
    """SELECT of `text, f`: those of the lines that hold something and are no comments, cut into fields."""
    texts = (
        f"SELECT {DUCKDB.restore_returns('line', mixed=file.view.mixed)} AS text FROM ({lines}) WHERE {dialect.is_record_line()}"
    )
    return f"SELECT text, {dialect.split_fields('text')} AS f FROM ({texts})"
