"""Delimited files of one kind as SQL over their lines: quoted line breaks joined, rows and rejects told apart.

Refuses to join lines that do not make a whole record.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Column
from lakeward.engines.text.csv_records import MAX_RECORD_BYTES, MAX_RECORD_LINES, Dialect, detail, reason
from lakeward.engines.text.reading import Reading, missing_detail, rejects, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvKind:
    """What files share that are read by one SELECT.

    Args:
        header: Column names, trimmed; an unnamed column is `_unnamed_<position>`.
        mixed: Lines hold carriage returns.
        undecoded: Some lines hold marks of bytes that did not decode.
        joins: Quotes are left open at the end of some lines: records are not lines.
        flawed: Some lines are no records by themselves.
    """

    header: tuple[str, ...]
    dialect: Dialect
    mixed: bool = False
    undecoded: bool = False
    joins: bool = False
    flawed: bool = False


class CsvGroup:
    """Files of one kind.

    Args:
        lines: SELECT of `file, seq, n, line`: their data lines, NULL for a blank one.
        spans: SELECT of what `spanning` gave for these files; read only where lines are joined.
    """

    def __init__(self, kind: CsvKind, lines: str, columns: Sequence[Column], spans: str) -> None:
        self._kind = kind
        self._lines = lines
        self._columns = columns
        self._spans = spans
        self._words = kind.dialect.words
        known = {column.source_name for column in columns}
        self.unknown = tuple(name for name in kind.header if name not in known)
        self.missing = tuple(c.source_name for c in columns if c.required and c.source_name not in kind.header)

    def read(self, reading: Reading) -> None:
        """Add this group's rows and rejects to the reading."""
        kind, words = self._kind, self._words
        records = self.records()
        raw = words.raw_bytes("text", undecoded=kind.undecoded)
        if self.missing:
            reading.rejects.append(rejects(records, "'reject_missing_column'", missing_detail(words, self.missing), raw))
            return
        cut = f"SELECT *, {kind.dialect.fields('text')} AS f FROM ({records})"
        if kind.flawed:
            why = reason(kind.dialect, len(kind.header), undecoded=kind.undecoded)
            reading.rejects.append(rejects(cut, why, detail(words, len(kind.header)), raw))
            cut = words.unrejected(cut, why)
        values = [self._value(column.source_name) for column in self._columns]
        reading.rows.append(rows(words, cut, self._columns, values, self._extra()))

    def records(self) -> str:
        """SELECT of `file, seq, n, text`, one row per record."""
        text = self._words.restored("line", mixed=self._kind.mixed)
        single = f"SELECT file, seq, n, {text} AS text FROM ({self._lines}) WHERE {not_blank(self._words.carriage)}"
        if not self._kind.joins:
            return single
        taken = f"SELECT seq, {self._words.every('n', 'last')} AS n FROM ({self._spans})"
        return (
            f"SELECT file, seq, n, text FROM ({single}) ANTI JOIN ({taken}) USING (seq, n) "
            f"UNION ALL SELECT file, seq, n, text FROM ({self._spans})"
        )

    def _value(self, name: str) -> str:
        if name not in self._kind.header:
            return "CAST(NULL AS STRING)"
        return self._kind.dialect.value(self._words.item("f", self._kind.header.index(name) + 1))

    def _extra(self) -> str:
        pairs = [(name, self._value(name)) for name in self.unknown]
        return self._words.json_object(pairs) if pairs else "CAST(NULL AS STRING)"


def spanning(kind: CsvKind, lines: str) -> str:
    """SELECT of `file, seq, n, last, text`: the records of several lines, neighbours among the lines with an odd quote that make one.

    In a run of neighbours of which each could belong to the next, every other one does.
    """
    dialect, words = kind.dialect, kind.dialect.words
    odd = f"SELECT seq, n, {dialect.opens('line')} AS opens FROM ({lines}) WHERE {dialect.odd('line')}"
    here = "(PARTITION BY seq ORDER BY n)"
    pairs = f"SELECT *, lead(n) OVER {here} AS last, row_number() OVER {here} AS i FROM ({odd})"
    near = f"SELECT *, {words.every('n', 'last')} AS part FROM ({pairs}) WHERE opens AND last - n < {MAX_RECORD_LINES}"
    joined = words.gathered("coalesce(l.line, '')", "l.n", dialect.newline)
    texts = (
        f"SELECT l.file, p.seq, p.n, p.last, p.i, {joined} AS text "
        f"FROM ({lines}) l JOIN ({near}) p ON l.seq = p.seq AND l.n = p.part GROUP BY l.file, p.seq, p.n, p.last, p.i"
    )
    restored = f"SELECT file, seq, n, last, i, {words.restored('text', mixed=kind.mixed)} AS text FROM ({texts})"
    cut = f"SELECT *, {dialect.fields('text')} AS f FROM ({restored}) WHERE {words.size('text')} <= {MAX_RECORD_BYTES}"
    whole = f"SELECT * FROM ({cut}) WHERE {words.count('f')} = {len(kind.header)} AND NOT {dialect.uncovered('text', 'f')}"
    runs = f"SELECT *, i - row_number() OVER (PARTITION BY seq ORDER BY i) AS run FROM ({whole})"
    placed = f"SELECT *, row_number() OVER (PARTITION BY seq, run ORDER BY i) AS place FROM ({runs})"
    return f"SELECT file, seq, n, last, text FROM ({placed}) WHERE place % 2 = 1"


def not_blank(carriage: str) -> str:
    """Condition: the line holds something."""
    return f"(line IS NOT NULL AND line <> {carriage})"
