"""Reads headers of delimited text files.

An invalid header makes the whole file one reject.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from operator import itemgetter
from typing import NamedTuple

import duckdb

from lakeward.contracts.batch import OmittedLines
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.header_names import number_duplicates
from lakeward.core.sql import literal
from lakeward.engines.reading.footers import read_footer
from lakeward.engines.reading.line_counts import count_all_lines, count_head, line_counts_select
from lakeward.engines.reading.skipped_records import SkippedRecords
from lakeward.engines.reading.text_lines import TextFile, numbered_lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import CsvLayout, not_blank
from lakeward.engines.text.csv_records import MAX_RECORD_LINES, CsvRecordSql
from lakeward.engines.text.repeated_headers import NO_HEADER, HeaderRows

# What Excel reads as the name of the delimiter, and writes as a file's first line.
_SEPARATOR_LINE = '(?i)\ufeff?"?sep=[^a-z0-9]"?'


class FileFault(NamedTuple):
    """Why the whole of a file is refused.

    Args:
        reason: Message code.
        found: What stands in the way, without data values.
    """

    reason: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited file whose header is known.

    Args:
        lines: Number of lines of records.
        head_lines: Number of lines above them that are neither blank nor comments.
        omitted: The footer below them.
        header_like: Whether some line below the header may be one again.
    """

    text: TextFile
    kind: CsvLayout
    _: KW_ONLY
    lines: int = 0
    head_lines: int = 0
    omitted: tuple[OmittedLines, ...] = ()
    header_like: bool = False


@dataclass(frozen=True, slots=True)
class CsvHeader:
    """The columns of a file.

    Args:
        names: Trimmed, an unnamed one being `_unnamed_<position>`; none where the file holds nothing.
        least: Fewest fields of a record.
        last_line: Number of the last line before the records.
        lines: Of these lines, those that hold something and are no comments.
        rows: The header as written.
        like: Of the lines, those that a count of lines like the header holds; -1: one line alone does not tell.
    """

    names: tuple[str, ...] = ()
    _: KW_ONLY
    least: int = 0
    last_line: int = 0
    lines: int = 0
    rows: HeaderRows = NO_HEADER
    like: int = 0


def open_csv(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql, record_format: RecordFormat, columns: Sequence[Column]
) -> CsvFile | FileFault:
    """The file as far as one look shows, or why the whole of it is refused."""
    view = file.view
    header = read_header(con, file, dialect, record_format, columns)
    if isinstance(header, FileFault):
        return header
    kind = CsvLayout(
        header=header.names, least=header.least, dialect=dialect, mixed=view.mixed, undecoded=view.undecoded, head=header.rows
    )
    if not header.names:
        return CsvFile(file, kind)
    footer = read_footer(view, record_format)
    total = count_all_lines(con, file) if footer.lines else 0
    footer = footer.below(header.last_line, total)
    last = total - len(footer.lines) if footer.lines else None
    lines, odd, bad, like = con.execute(line_counts_select(file, dialect, kind)).fetchall()[0]
    opened = replace(file, skip=header.last_line, last=last)
    records = max(lines - header.lines - footer.count_records(dialect.comment), 0)
    kind = replace(kind, has_multiline_records=odd > 0, has_bad_lines=odd + bad > 0)
    omitted = footer.omitted_lines(total)
    return CsvFile(opened, kind, lines=records, head_lines=header.lines, omitted=omitted, header_like=like > header.like)


def read_header(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql, record_format: RecordFormat, columns: Sequence[Column]
) -> CsvHeader | FileFault:
    """The header, of no name where the file holds nothing; or why it can't be trusted. Reads the file's beginning only.

    Args:
        columns: The contract's; by them a record is known among the lines to skip.
    """
    last, names = max(record_format.skip_rows, record_format.header_row - 1), []
    if not record_format.names or record_format.header_row:
        for _ in range(record_format.header_rows):
            found = _read_record(con, file, dialect, last, stands=record_format.header_row > 0)
            if found is None:
                return FileFault("reject_header") if last and _read_record(con, file, dialect, 0, stands=True) else CsvHeader()
            last, texts, broken = found
            if broken:
                return FileFault("reject_header")
            names.append(texts)
    else:
        last += _separator_lines(con, file) if not last else 0
    last += record_format.skip_after_header
    header = named_columns(record_format.names or _join_texts(names), record_format)
    if len(set(header)) < len(header):
        return FileFault("reject_duplicate_header")
    if skipped := _find_skipped_record(con, file, dialect, last, SkippedRecords(columns, header, record_format)):
        return FileFault("reject_skipped_record", skipped)
    named = [position for position, name in enumerate(header, 1) if not name.startswith("_unnamed_")]
    least = 1 if record_format.null_padding else max(named, default=1)
    rows = HeaderRows(tuple(tuple(text.strip() for text in row) for row in [*names, *filter(None, [record_format.names])]))
    lines, like = count_head(con, file, dialect, last, rows) if last else (0, 0)
    broken_lines = any(dialect.newline in text for row in names for text in row)
    return CsvHeader(header, least=least, last_line=last, lines=lines, rows=rows, like=-1 if broken_lines else like)


def _find_skipped_record(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql, last: int, skipped: SkippedRecords
) -> str:
    """Key and number of the first line to skip that is a record, of those up to the line `last`; empty: none is."""
    record_format = skipped.record_format
    header = last - record_format.skip_after_header
    first = 0 if record_format.names else header
    if first >= last:
        return ""
    lines = f"SELECT n, line AS text FROM ({numbered_lines_select(file.view)} LIMIT {last}) WHERE n > {first} AND {dialect.is_record_line()}"
    for number, _, fields, _ in sorted(con.execute(_record_select(file, dialect, lines)).fetchall(), key=itemgetter(0)):
        if number > header and skipped.is_record(fields):
            return f"skipAfterHeader: line {number}"
        if number <= header and skipped.is_whole_record(fields):
            return f"{'headerRow' if record_format.header_row else 'skipRows'}: line {number}"
    return ""


def named_columns(names: tuple[str, ...], record_format: RecordFormat) -> tuple[str, ...]:
    """The names of a header as columns are called by them."""
    header = tuple(name.strip() or f"_unnamed_{position}" for position, name in enumerate(names, 1))
    return number_duplicates(header) if record_format.number_duplicates else header


def _join_texts(rows: list[list[str]]) -> tuple[str, ...]:
    """One name for each column: its texts in the rows of the header, from above."""
    width = max(map(len, rows), default=0)
    columns = ([row[place].strip() for row in rows if place < len(row)] for place in range(width))
    return tuple("_".join(text for text in column if text) for column in columns)


def _read_record(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: CsvRecordSql, after: int, *, stands: bool
) -> tuple[int, list[str], bool] | None:
    """The first record below the line `after`: its last line, its texts, and whether it is none.

    Args:
        stands: It is the first line that holds something; else comments, and a line that names the delimiter, are passed over.
    """
    passed = not_blank(DUCKDB.carriage) if stands else dialect.is_record_line() + f" AND NOT {_is_separator_line()}"
    first = f"SELECT n, line AS text FROM ({numbered_lines_select(file.view)}) WHERE n > {after} AND {passed} LIMIT 1"
    found = con.execute(_record_select(file, dialect, first)).fetchone()
    if found is None:
        return None
    last, is_open, names, broken = found
    if is_open:
        joined = _record_select(file, dialect, _joined_lines(file, dialect, last))
        last, _, names, broken = con.execute(joined).fetchall()[0]
    return last, names, broken


def _is_separator_line() -> str:
    return f"(n = 1 AND regexp_full_match(line, {literal(_SEPARATOR_LINE + chr(13) + '?')}))"


def _separator_lines(con: duckdb.DuckDBPyConnection, file: TextFile) -> int:
    first = f"SELECT n, line FROM ({numbered_lines_select(file.view)}) LIMIT 1"
    count: int = con.execute(f"SELECT count(*) FROM ({first}) WHERE {_is_separator_line()}").fetchall()[0][0]
    return count


def _joined_lines(file: TextFile, dialect: CsvRecordSql, first: int) -> str:
    """SELECT of the lines from the first to the next one with an odd quote, joined."""
    start = (
        f"SELECT * FROM (SELECT * FROM ({numbered_lines_select(file.view)}) LIMIT {first + MAX_RECORD_LINES}) WHERE n >= {first}"
    )
    before = "OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    counted = f"SELECT *, count(*) FILTER ({dialect.has_odd_quotes('line')}) {before} AS quotes FROM ({start})"
    joined = f"string_agg(coalesce(line, ''), {literal(dialect.newline)} ORDER BY n)"
    return f"SELECT max(n) AS n, {joined} AS text FROM ({counted}) WHERE quotes < 2"


def _record_select(file: TextFile, dialect: CsvRecordSql, record: str) -> str:
    """SELECT of the record's last line, whether it opens a quote, its texts, and whether it is none. The mark of a comment is no text."""
    text = DUCKDB.restore_returns("text", mixed=file.view.mixed)
    if dialect.comment:
        text = f"CASE WHEN {DUCKDB.starts_with(text, dialect.comment)} THEN ltrim({text}, {literal(dialect.comment + ' ')}) ELSE {text} END"
    whole = f"SELECT n, {text} AS text FROM ({record})"
    undecoded = DUCKDB.has_marks("text") if file.view.undecoded else "false"
    outside = dialect.has_text_outside_fields("text", "f")
    names = f"list_transform(f, lambda x: {dialect.field_value('x')})"
    return (
        f"SELECT n, {dialect.has_odd_quotes('text')} AND {outside}, {names}, {outside} OR {undecoded} "
        f"FROM (SELECT *, {dialect.split_fields('text')} AS f FROM ({whole}))"
    )
