"""Reads headers of delimited text files and counts lines.

An invalid header makes the whole file one reject.
"""

from dataclasses import dataclass, replace

import duckdb

from lakeward.core.sql import literal
from lakeward.engines.reading.text_lines import TextFile, lines_select, numbered_lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import CsvLayout, not_blank
from lakeward.engines.text.csv_records import MAX_RECORD_LINES, CsvRecordSql, reject_reason


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited file whose header is known.

    Args:
        lines: Number of lines that are not blank, without the header's first.
    """

    text: TextFile
    kind: CsvLayout
    lines: int = 0


@dataclass(frozen=True, slots=True)
class CsvHeader:
    """Trimmed column names, `_unnamed_<position>` for an empty one, and the number of the header's last line."""

    names: tuple[str, ...] = ()
    last_line: int = 0


def open_csv(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql) -> CsvFile | str:
    """The file with its header and line counts, or the reason why the whole file is rejected."""
    view = file.view
    header = read_header(con, file, dialect)
    if isinstance(header, str):
        return header
    kind = CsvLayout(header=header.names, dialect=dialect, mixed=view.mixed, undecoded=view.undecoded)
    if not header.last_line:
        return CsvFile(file, kind)
    lines, odd, bad = con.execute(_line_counts_select(file, dialect, len(header.names))).fetchall()[0]
    return CsvFile(
        replace(file, skip=header.last_line), replace(kind, has_multiline_records=odd > 0, has_bad_lines=odd + bad > 0), lines - 1
    )


def read_header(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql) -> CsvHeader | str:
    """The header, with line 0 for an empty file; or the reason why it is invalid. Reads only the beginning of the file."""
    found = con.execute(_header_select(file, dialect, _first_line(file))).fetchone()
    if found is None:
        return CsvHeader()
    last, is_open, names, broken = found
    if is_open:
        last, _, names, broken = con.execute(_header_select(file, dialect, _first_record(file, dialect, last))).fetchall()[0]
    if broken:
        return "reject_header"
    header = tuple(name.strip() or f"_unnamed_{position}" for position, name in enumerate(names, 1))
    return CsvHeader(header, last) if len(set(header)) == len(header) else "reject_duplicate_header"


def _first_line(file: TextFile) -> str:
    return f"SELECT n, line AS text FROM ({numbered_lines_select(file.view)}) WHERE {not_blank(DUCKDB.carriage)} LIMIT 1"


def _first_record(file: TextFile, dialect: CsvRecordSql, first: int) -> str:
    """SELECT of the lines from the first to the next one with an odd quote, joined."""
    start = (
        f"SELECT * FROM (SELECT * FROM ({numbered_lines_select(file.view)}) LIMIT {first + MAX_RECORD_LINES}) WHERE n >= {first}"
    )
    before = "OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    counted = f"SELECT *, count(*) FILTER ({dialect.has_odd_quotes('line')}) {before} AS quotes FROM ({start})"
    joined = f"string_agg(coalesce(line, ''), {literal(dialect.newline)} ORDER BY n)"
    return f"SELECT max(n) AS n, {joined} AS text FROM ({counted}) WHERE quotes < 2"


def _header_select(file: TextFile, dialect: CsvRecordSql, record: str) -> str:
    """SELECT of the record's last line, whether it opens a quote, its names, and whether it is not a header."""
    whole = f"SELECT n, {DUCKDB.restore_returns('text', mixed=file.view.mixed)} AS text FROM ({record})"
    undecoded = DUCKDB.has_marks("text") if file.view.undecoded else "false"
    broken = f"{dialect.has_odd_quotes('text')} OR {dialect.has_text_outside_fields('text', 'f')} OR {undecoded}"
    names = f"list_transform(f, lambda x: {dialect.field_value('x')})"
    return f"SELECT n, {dialect.has_odd_quotes('text')}, {names}, {broken} FROM (SELECT *, {dialect.split_fields('text')} AS f FROM ({whole}))"


def _line_counts_select(file: TextFile, dialect: CsvRecordSql, width: int) -> str:
    """SELECT of three counts: lines, lines with an odd quote, lines that are not whole records.

    Needs no line numbers, so DuckDB reads the file with all threads.
    """
    texts = f"SELECT {DUCKDB.restore_returns('line', mixed=file.view.mixed)} AS text FROM ({lines_select(file.view)}) WHERE {not_blank(DUCKDB.carriage)}"
    cut = f"SELECT text, {dialect.split_fields('text')} AS f FROM ({texts})"
    bad = f"{reject_reason(dialect, width, undecoded=file.view.undecoded)} IS NOT NULL"
    return f"SELECT count(*), count_if({dialect.has_odd_quotes('text')}), count_if({bad}) FROM ({cut})"
