"""Delimited text files: headers looked at, quoted line breaks joined, files with the same header read by one SELECT.

Refuses to guess: a header that can't be trusted makes its file one reject.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column, FileSource
from lakeward.engines.embedded.csv_records import MAX_RECORD_BYTES, MAX_RECORD_LINES, Dialect
from lakeward.engines.embedded.quoting import literal
from lakeward.engines.embedded.reading import Reading, missing_detail, readable, rejects, rows
from lakeward.engines.embedded.text_lines import TextFile, has_undecoded, lines, not_blank, raw_bytes, restored, scan


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited file whose header is known.

    Args:
        header: Column names, trimmed; an unnamed column is `_unnamed_<position>`.
        joins: Quotes are left open at the end of some lines.
    """

    text: TextFile
    header: tuple[str, ...]
    joins: bool

    @property
    def kind(self) -> tuple[object, ...]:
        """What files must share to be read by one SELECT."""
        view = self.text.view
        return self.header, view.newline, view.mixed, view.undecoded, self.joins


def read_csv(con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], source: FileSource, columns: Sequence[Column]) -> Reading:
    """Read delimited files, all under the contract's dialect."""
    reading = Reading()
    con.execute("CREATE OR REPLACE TEMP TABLE staged_spans (file VARCHAR, seq BIGINT, n BIGINT, last BIGINT, text VARCHAR)")
    known: list[CsvFile] = []
    for file in files:
        found = readable(partial(_opened, con, file, Dialect.of(source, file.view.newline))) or "reject_unreadable"
        if isinstance(found, str):
            reading.refuse(file.input, found)
        else:
            known.append(found)
    for _, group in itertools.groupby(sorted(known, key=lambda f: repr(f.kind)), key=lambda f: f.kind):
        _Group(tuple(group), source, columns).read(con, reading)
    return reading


def _opened(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect) -> CsvFile | str:
    """The file with its header, or the reason why the whole of it is refused."""
    first, line, odd = con.execute(
        f"SELECT min(n), arg_min(line, n), count_if({dialect.odd('line')}) FROM ({scan(file.view)}) WHERE {not_blank('line')}"
    ).fetchall()[0]
    if first is None:
        return CsvFile(file, (), joins=False)
    last, text = _header_text(con, file, dialect, first) if odd else (first, line)
    names = _names(con, file, dialect, text)
    if names is None:
        return "reject_header"
    if len(set(names)) < len(names):
        return "reject_duplicate_header"
    return CsvFile(replace(file, skip=last), names, joins=odd > 0)


def _header_text(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect, first: int) -> tuple[int, str | None]:
    """Last line and text of the header: to the next line with an odd quote, where its own first line has one."""
    start = f"SELECT * FROM ({scan(file.view)}) WHERE n BETWEEN {first} AND {first + MAX_RECORD_LINES}"
    ends = f"SELECT n, row_number() OVER (ORDER BY n) AS i FROM ({start}) WHERE {dialect.odd('line')}"
    last = f"SELECT CASE WHEN min(n) > {first} THEN {first} ELSE min(n) FILTER (i = 2) END FROM ({ends})"
    joined = f"string_agg(coalesce(line, ''), {literal(dialect.newline)} ORDER BY n)"
    found = con.execute(f"SELECT max(n), {joined} FROM ({start}) WHERE n <= ({last})").fetchall()[0]
    return found[0], found[1]


def _names(con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect, text: str | None) -> tuple[str, ...] | None:
    """Column names of a header; None where it is no header."""
    if text is None:
        return None
    broken = (
        f"{dialect.odd('text')} OR {dialect.uncovered('text', 'f')} OR {has_undecoded('text', undecoded=file.view.undecoded)}"
    )
    values = f"list_transform(f, lambda x: {dialect.value('x')})"
    of_text = f"SELECT {restored('$text', mixed=file.view.mixed)} AS text"
    found, bad = con.execute(
        f"SELECT {values}, {broken} FROM (SELECT text, {dialect.fields('text')} AS f FROM ({of_text}))", {"text": text}
    ).fetchall()[0]
    if bad:
        return None
    return tuple(name.strip() or f"_unnamed_{position}" for position, name in enumerate(found, 1))


class _Group:
    """Files with one header, one line end and the same marks."""

    def __init__(self, files: tuple[CsvFile, ...], source: FileSource, columns: Sequence[Column]) -> None:
        first = files[0]
        self.files = tuple(file.text for file in files)
        self.view = first.text.view
        self.header = first.header
        self.joins = first.joins
        self.dialect = Dialect.of(source, self.view.newline)
        self.columns = columns
        known = {column.source_name for column in columns}
        self.unknown = tuple(name for name in self.header if name not in known)
        self.missing = tuple(c.source_name for c in columns if c.required and c.source_name not in self.header)

    def read(self, con: duckdb.DuckDBPyConnection, reading: Reading) -> None:
        """Add this group's rows, rejects and reports to the reading."""
        if self.joins:
            con.execute(f"INSERT INTO staged_spans {self._spans()}")
        records = self._records()
        counts = dict(con.execute(f"SELECT seq, count(*) FROM ({records}) GROUP BY seq").fetchall())
        for file in self.files:
            count = counts.get(file.input.seq, 0)
            reading.reports.append(
                FileReport(file.input.seq, file.input.name, count, self.unknown, self.missing if count else ())
            )
        if not counts:
            return
        cut = f"SELECT *, {self.dialect.fields('text')} AS f FROM ({records})"
        raw = raw_bytes("text", undecoded=self.view.undecoded)
        if self.missing:
            reading.rejects.append(rejects(records, "'reject_missing_column'", missing_detail(self.missing), raw))
            return
        reading.rejects.append(rejects(cut, self._reason(), self._detail(), raw))
        reading.rows.append(
            rows(
                records,
                self.dialect.fields("text"),
                self.columns,
                [self._value(c.source_name) for c in self.columns],
                self._extra(),
            )
        )

    def _records(self) -> str:
        """SELECT of `file, seq, n, text`, one row per record."""
        single = f"SELECT file, seq, n, {restored('line', mixed=self.view.mixed)} AS text FROM ({lines(self.files)}) WHERE {not_blank('line')}"
        if not self.joins:
            return single
        seqs = ", ".join(str(file.input.seq) for file in self.files)
        spans = f"FROM staged_spans WHERE seq IN ({seqs})"
        return (
            f"FROM ({single}) ANTI JOIN (SELECT seq, unnest(range(n, last + 1)) AS n {spans}) USING (seq, n) "
            f"UNION ALL SELECT file, seq, n, text {spans}"
        )

    def _spans(self) -> str:
        """SELECT of the records of several lines: neighbouring lines with an odd quote that belong together.

        In a run of neighbours of which each could belong to the next, every other one does.
        """
        odd = f"SELECT seq, n FROM ({lines(self.files)}) WHERE {self.dialect.odd('line')}"
        pairs = f"SELECT seq, n, lead(n) OVER here AS last, row_number() OVER here AS i FROM ({odd}) WINDOW here AS (PARTITION BY seq ORDER BY n)"
        near = f"SELECT *, unnest(range(n, last + 1)) AS part FROM ({pairs}) WHERE last - n < {MAX_RECORD_LINES}"
        joined = f"string_agg(coalesce(l.line, ''), {literal(self.dialect.newline)} ORDER BY l.n)"
        texts = (
            f"SELECT any_value(l.file) AS file, p.seq AS seq, p.n AS n, p.last AS last, p.i AS i, {restored(joined, mixed=self.view.mixed)} AS text "
            f"FROM ({lines(self.files)}) l JOIN ({near}) p ON l.seq = p.seq AND l.n = p.part GROUP BY p.seq, p.n, p.last, p.i"
        )
        cut = f"SELECT *, {self.dialect.fields('text')} AS f FROM ({texts}) WHERE strlen(text) <= {MAX_RECORD_BYTES}"
        fits = f"SELECT * FROM ({cut}) WHERE len(f) = {len(self.header)} AND NOT {self.dialect.uncovered('text', 'f')}"
        runs = f"SELECT *, i - row_number() OVER (PARTITION BY seq ORDER BY i) AS run FROM ({fits})"
        return (
            f"SELECT file, seq, n, last, text FROM ({runs}) QUALIFY row_number() OVER (PARTITION BY seq, run ORDER BY i) % 2 = 1"
        )

    def _reason(self) -> str:
        return (
            f"CASE WHEN {has_undecoded('text', undecoded=self.view.undecoded)} THEN 'reject_encoding' "
            f"WHEN {self.dialect.odd('text')} THEN 'reject_stray_quote' "
            f"WHEN {self.dialect.uncovered('text', 'f')} THEN 'reject_text_after_quote' "
            f"WHEN len(f) < {len(self.header)} THEN 'reject_too_few_fields' "
            f"WHEN len(f) > {len(self.header)} THEN 'reject_too_many_fields' END"
        )

    def _detail(self) -> str:
        found = f"'expected {len(self.header)} fields, found ' || len(f)"
        return f"CASE WHEN reason IN ('reject_too_few_fields', 'reject_too_many_fields') THEN {found} END"

    def _value(self, name: str) -> str:
        if name not in self.header:
            return "NULL::VARCHAR"
        return self.dialect.value(f"f[{self.header.index(name) + 1}]")

    def _extra(self) -> str:
        pairs = ", ".join(f"{literal(name)}, {self._value(name)}" for name in self.unknown)
        return f"json_object({pairs})::VARCHAR" if pairs else "NULL::VARCHAR"
