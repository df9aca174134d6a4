"""Headers of delimited text files, and what a first look at the whole file shows.

Refuses to guess: a header that can't be trusted makes its file one reject.
"""

from dataclasses import dataclass, replace

import duckdb

from lakeward.core.sql import literal
from lakeward.engines.reading.text_lines import TextFile, numbered, unnumbered
from lakeward.engines.reading.words import DUCKDB
from lakeward.engines.text.csv_files import CsvKind, not_blank
from lakeward.engines.text.csv_records import MAX_RECORD_LINES, Dialect, reason


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited file whose header is known.

    Args:
        lines: Lines that hold something, the header's first left out.
    """

    text: TextFile
    kind: CsvKind
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """Column names, trimmed, an unnamed one being `_unnamed_<position>`, and the number of the header's last line."""

    names: tuple[str, ...] = ()
    last: int = 0


def opened(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect) -> CsvFile | str:
    """The file as far as one look shows, or the reason why the whole of it is refused."""
    view = file.view
    header = header_of(con, file, dialect)
    if isinstance(header, str):
        return header
    kind = CsvKind(header=header.names, dialect=dialect, mixed=view.mixed, undecoded=view.undecoded)
    if not header.last:
        return CsvFile(file, kind)
    lines, odd, bad = con.execute(_judged(file, dialect, len(header.names))).fetchall()[0]
    return CsvFile(replace(file, skip=header.last), replace(kind, joins=odd > 0, flawed=odd + bad > 0), lines - 1)


def header_of(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect) -> Header | str:
    """The header, of no line where the file holds nothing; or the reason why it can't be trusted. Reads the file's beginning only."""
    found = con.execute(_named(file, dialect, _first_line(file))).fetchone()
    if found is None:
        return Header()
    last, is_open, names, broken = found
    if is_open:
        last, _, names, broken = con.execute(_named(file, dialect, _first_record(file, dialect, last))).fetchall()[0]
    if broken:
        return "reject_header"
    header = tuple(name.strip() or f"_unnamed_{position}" for position, name in enumerate(names, 1))
    return Header(header, last) if len(set(header)) == len(header) else "reject_duplicate_header"


def _first_line(file: TextFile) -> str:
    return f"SELECT n, line AS text FROM ({numbered(file.view)}) WHERE {not_blank(DUCKDB.carriage)} LIMIT 1"


def _first_record(file: TextFile, dialect: Dialect, first: int) -> str:
    """SELECT of the lines from the first to the next one with an odd quote, joined."""
    start = f"SELECT * FROM (SELECT * FROM ({numbered(file.view)}) LIMIT {first + MAX_RECORD_LINES}) WHERE n >= {first}"
    before = "OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    counted = f"SELECT *, count(*) FILTER ({dialect.odd('line')}) {before} AS quotes FROM ({start})"
    joined = f"string_agg(coalesce(line, ''), {literal(dialect.newline)} ORDER BY n)"
    return f"SELECT max(n) AS n, {joined} AS text FROM ({counted}) WHERE quotes < 2"


def _named(file: TextFile, dialect: Dialect, record: str) -> str:
    """SELECT of the record's last line, whether it opens a quote, its names, and whether it is no header."""
    whole = f"SELECT n, {DUCKDB.restored('text', mixed=file.view.mixed)} AS text FROM ({record})"
    undecoded = DUCKDB.marked("text") if file.view.undecoded else "false"
    broken = f"{dialect.odd('text')} OR {dialect.uncovered('text', 'f')} OR {undecoded}"
    names = f"list_transform(f, lambda x: {dialect.value('x')})"
    return f"SELECT n, {dialect.odd('text')}, {names}, {broken} FROM (SELECT *, {dialect.fields('text')} AS f FROM ({whole}))"


def _judged(file: TextFile, dialect: Dialect, width: int) -> str:
    """SELECT of three counts: lines, lines with an odd quote, lines that are no record by themselves.

    Needs no line numbers, so that DuckDB reads the file with all its threads.
    """
    texts = f"SELECT {DUCKDB.restored('line', mixed=file.view.mixed)} AS text FROM ({unnumbered(file.view)}) WHERE {not_blank(DUCKDB.carriage)}"
    cut = f"SELECT text, {dialect.fields('text')} AS f FROM ({texts})"
    bad = f"{reason(dialect, width, undecoded=file.view.undecoded)} IS NOT NULL"
    return f"SELECT count(*), count_if({dialect.odd('text')}), count_if({bad}) FROM ({cut})"
