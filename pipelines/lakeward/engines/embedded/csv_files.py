"""Delimited text files: quoted line breaks joined, and files with the same header read by one SELECT.

Refuses to join lines that do not make a whole record.
"""

import itertools
from collections.abc import Iterable, Sequence
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column, FileSource
from lakeward.core.sql import literal
from lakeward.engines.embedded.csv_headers import CsvFile, opened
from lakeward.engines.embedded.csv_records import MAX_RECORD_BYTES, MAX_RECORD_LINES, Dialect, detail, reason
from lakeward.engines.embedded.reading import Reading, missing_detail, readable, rejects, rows, unrejected
from lakeward.engines.embedded.text_lines import TextFile, lines, not_blank, raw_bytes, restored


def read_csv(con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], source: FileSource, columns: Sequence[Column]) -> Reading:
    """Read delimited files, all under the contract's dialect."""
    reading = Reading()
    con.execute("CREATE OR REPLACE TEMP TABLE staged_spans (file VARCHAR, seq BIGINT, n BIGINT, last BIGINT, text VARCHAR)")
    known: list[CsvFile] = []
    for file in files:
        found = readable(partial(opened, con, file, Dialect.of(source, file.view.newline))) or "reject_unreadable"
        if isinstance(found, str):
            reading.refuse(file.input, found)
        else:
            known.append(found)
    for _, group in itertools.groupby(sorted(known, key=lambda f: repr(f.kind)), key=lambda f: f.kind):
        _Group(tuple(group), source, columns).read(con, reading)
    return reading


class _Group:
    """Files with one header, one line end and the same marks."""

    def __init__(self, files: tuple[CsvFile, ...], source: FileSource, columns: Sequence[Column]) -> None:
        self.files = files
        self.first = files[0]
        self.view = self.first.text.view
        self.header = self.first.header
        self.dialect = Dialect.of(source, self.view.newline)
        self.columns = columns
        known = {column.source_name for column in columns}
        self.unknown = tuple(name for name in self.header if name not in known)
        self.missing = tuple(c.source_name for c in columns if c.required and c.source_name not in self.header)

    def read(self, con: duckdb.DuckDBPyConnection, reading: Reading) -> None:
        """Add this group's rows, rejects and reports to the reading."""
        if self.first.joins:
            con.execute(f"INSERT INTO staged_spans {self._spans()}")
        records = self._records()
        for file, count in self._counts(con, records):
            missing = self.missing if count else ()
            reading.reports.append(FileReport(file.input.seq, file.input.name, count, self.unknown, missing))
        cut = f"SELECT *, {self.dialect.fields('text')} AS f FROM ({records})"
        raw = raw_bytes("text", undecoded=self.view.undecoded)
        if self.missing:
            reading.rejects.append(rejects(records, "'reject_missing_column'", missing_detail(self.missing), raw))
            return
        if self.first.flawed:
            why = reason(self.dialect, len(self.header), undecoded=self.view.undecoded)
            reading.rejects.append(rejects(cut, why, detail(len(self.header)), raw))
            cut = f"SELECT *, {self.dialect.fields('text')} AS f FROM ({unrejected(records)})"
        reading.rows.append(rows(cut, self.columns, [self._value(c.source_name) for c in self.columns], self._extra()))

    def _counts(self, con: duckdb.DuckDBPyConnection, records: str) -> Iterable[tuple[TextFile, int]]:
        """Records of each file: its lines, or, where quotes join lines, what a query of their own counts."""
        if not self.first.joins:
            return [(file.text, file.lines) for file in self.files]
        counts = dict(con.execute(f"SELECT seq, count(*) FROM ({records}) GROUP BY seq").fetchall())
        return [(file.text, counts.get(file.text.input.seq, 0)) for file in self.files]

    def _records(self) -> str:
        """SELECT of `file, seq, n, text`, one row per record."""
        lined = lines([file.text for file in self.files])
        text = restored("line", mixed=self.view.mixed)
        single = f"SELECT file, seq, n, {text} AS text FROM ({lined}) WHERE {not_blank('line')}"
        if not self.first.joins:
            return single
        seqs = ", ".join(str(file.text.input.seq) for file in self.files)
        spans = f"FROM staged_spans WHERE seq IN ({seqs})"
        return (
            f"FROM ({single}) ANTI JOIN (SELECT seq, unnest(range(n, last + 1)) AS n {spans}) USING (seq, n) "
            f"UNION ALL SELECT file, seq, n, text {spans}"
        )

    def _spans(self) -> str:
        """SELECT of the records of several lines: neighbours among the lines with an odd quote that make a whole record.

        In a run of neighbours of which each could belong to the next, every other one does.
        """
        lined = lines([file.text for file in self.files])
        odd = f"SELECT seq, n, {self.dialect.opens('line')} AS opens FROM ({lined}) WHERE {self.dialect.odd('line')}"
        here = "(PARTITION BY seq ORDER BY n)"
        pairs = f"SELECT *, lead(n) OVER {here} AS last, row_number() OVER {here} AS i FROM ({odd})"
        near = f"SELECT *, unnest(range(n, last + 1)) AS part FROM ({pairs}) WHERE opens AND last - n < {MAX_RECORD_LINES}"
        joined = f"string_agg(coalesce(l.line, ''), {literal(self.dialect.newline)} ORDER BY l.n)"
        texts = (
            f"SELECT l.file, p.seq, p.n, p.last, p.i, {restored(joined, mixed=self.view.mixed)} AS text "
            f"FROM ({lined}) l JOIN ({near}) p ON l.seq = p.seq AND l.n = p.part GROUP BY l.file, p.seq, p.n, p.last, p.i"
        )
        cut = f"SELECT *, {self.dialect.fields('text')} AS f FROM ({texts}) WHERE strlen(text) <= {MAX_RECORD_BYTES}"
        whole = f"SELECT * FROM ({cut}) WHERE len(f) = {len(self.header)} AND NOT {self.dialect.uncovered('text', 'f')}"
        runs = f"SELECT *, i - row_number() OVER (PARTITION BY seq ORDER BY i) AS run FROM ({whole})"
        every_other = "QUALIFY row_number() OVER (PARTITION BY seq, run ORDER BY i) % 2 = 1"
        return f"SELECT file, seq, n, last, text FROM ({runs}) {every_other}"

    def _value(self, name: str) -> str:
        if name not in self.header:
            return "NULL::VARCHAR"
        return self.dialect.value(f"f[{self.header.index(name) + 1}]")

    def _extra(self) -> str:
        pairs = ", ".join(f"{literal(name)}, {self._value(name)}" for name in self.unknown)
        return f"json_object({pairs})::VARCHAR" if pairs else "NULL::VARCHAR"
