"""Parses delimited files of one layout as SQL over their lines: joins quoted line breaks and separates rows and rejects.

Lines that do not make a whole record are not joined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lakeward.contracts.column_match import ColumnMatch
from lakeward.contracts.model import Column
from lakeward.engines.text.csv_records import MAX_RECORD_BYTES, MAX_RECORD_LINES, CsvRecordSql, reject_detail, reject_reason
from lakeward.engines.text.repeated_headers import NO_HEADER, REPEATED_HEADER, HeaderLike, HeaderRows
from lakeward.engines.text.staging_queries import StagingQueries, match_fault_detail, rejects_select, rows_select


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout:
    """Common properties of files that one SELECT reads.

    Args:
        header: Column names, trimmed; an unnamed column is `_unnamed_<position>`.
        least: Least number of fields of a record.
        mixed: Whether lines contain carriage returns.
        undecoded: Whether lines contain marks of bytes that did not decode.
        has_multiline_records: Whether quotes are open at the end of lines, so that a record can have several lines.
        has_bad_lines: Whether some lines are not whole records.
        head: The header as written.
        repeated: Texts of records that are this header again.
    """

    header: tuple[str, ...]
    least: int
    dialect: CsvRecordSql
    mixed: bool = False
    undecoded: bool = False
    has_multiline_records: bool = False
    has_bad_lines: bool = False
    head: HeaderRows = NO_HEADER
    repeated: frozenset[str] = frozenset()


class CsvGroup:
    """Files of one layout.

    Args:
        lines: SELECT of `file, seq, n, line`: their data lines, NULL for a blank line.
        spans: SELECT of the result of `multiline_records_select` for these files; read only if lines are joined.
    """

    def __init__(self, layout: CsvLayout, lines: str, columns: Sequence[Column], match: ColumnMatch, spans: str) -> None:
        self._layout = layout
        self._lines = lines
        self._columns = columns
        self._spans = spans
        self._sql = layout.dialect.sql
        self._match = match

    def read(self, queries: StagingQueries) -> None:
        """Add this group's rows and rejects to the reading."""
        kind, sql = self._layout, self._sql
        records = self.records()
        raw = sql.raw_bytes("text", undecoded=kind.undecoded)
        if self._match.fault:
            why, detail = sql.literal(self._match.fault), match_fault_detail(sql, self._match)
            queries.rejects.append(rejects_select(records, why, detail, raw))
            return
        cut = f"SELECT *, {kind.dialect.split_fields('text')} AS f FROM ({records})"
        if kind.has_bad_lines:
            why = self._reject_reason()
            queries.rejects.append(rejects_select(cut, why, reject_detail(sql, len(kind.header)), raw))
            cut = sql.exclude_rejects(cut, why)
        values = [self._column_sql(column) for column in self._columns]
        queries.rows.append(rows_select(sql, cut, self._columns, values, self._extra_sql()))

    def records(self) -> str:
        """SELECT of `file, seq, n, text`, one row per record."""
        text = self._sql.restore_returns("line", mixed=self._layout.mixed)
        single = f"SELECT file, seq, n, {text} AS text FROM ({self._lines}) WHERE {self._layout.dialect.is_record_line()}"
        if not self._layout.has_multiline_records:
            return single
        return (
            f"SELECT file, seq, n, text FROM ({single}) ANTI JOIN ({self._joined_lines()}) USING (seq, n) "
            f"UNION ALL SELECT file, seq, n, text FROM ({self._spans})"
        )

    def comment_lines(self) -> str:
        """SELECT of `seq, lines, first`: comments among the lines of each file, none of a record of several lines; and the first's number."""
        comment = self._layout.dialect.comment
        found = f"SELECT seq, n FROM ({self._lines}) WHERE {self._sql.starts_with('line', comment) if comment else 'false'}"
        if self._layout.has_multiline_records:
            found = f"SELECT seq, n FROM ({found}) ANTI JOIN ({self._joined_lines()}) USING (seq, n)"
        return f"SELECT seq, count(*) AS lines, min(n) AS first FROM ({found}) GROUP BY seq"

    def header_like_lines(self) -> str:
        """SELECT of `seq, line, text, fields`: records that may be a header again, each text of a file once."""
        dialect = self._layout.dialect
        cut = f"SELECT *, {dialect.split_fields('text')} AS f FROM ({self.records()})"
        like = f"SELECT * FROM ({cut}) WHERE {self._layout.head.is_like(dialect, 'text', 'f')}"
        return f"SELECT seq, min(n) AS line, text, any_value(f) AS fields FROM ({like}) GROUP BY seq, text"

    def find_headers(self, lines: Iterable[HeaderLike]) -> tuple[CsvLayout, Mapping[int, int]]:
        """The layout with its headers that come again among the lines; and the first line, by file, that is another table's."""
        kind = self._layout
        repeated, others = kind.head.find(lines, kind.dialect.quote, self._match.sources.values())
        return replace(kind, repeated=repeated, has_bad_lines=kind.has_bad_lines or bool(repeated)), others

    def _reject_reason(self) -> str:
        kind = self._layout
        why = reject_reason(kind.dialect, len(kind.header), kind.least, undecoded=kind.undecoded)
        repeated = ", ".join(self._sql.literal(text) for text in sorted(kind.repeated))
        return f"CASE WHEN text IN ({repeated}) THEN {self._sql.literal(REPEATED_HEADER)} ELSE {why} END" if repeated else why

    def _joined_lines(self) -> str:
        return f"SELECT seq, {self._sql.integer_range('n', 'last')} AS n FROM ({self._spans})"

    def _column_sql(self, column: Column) -> str:
        source = self._match.sources.get(column.name)
        if source is None or not column.joined_names:
            return self._value_sql(source)
        return " || ' ' || ".join(f"trim({self._value_sql(name)})" for name in column.joined_names)

    def _value_sql(self, name: str | None) -> str:
        if name is None:
            return "CAST(NULL AS STRING)"
        return self._layout.dialect.field_value(self._sql.list_item("f", self._layout.header.index(name) + 1))

    def _extra_sql(self) -> str:
        pairs = [(name, self._value_sql(name)) for name in self._match.unknown]
        return self._sql.json_object(pairs) if pairs else "CAST(NULL AS STRING)"


def multiline_records_select(layout: CsvLayout, lines: str) -> str:
    """SELECT of `file, seq, n, last, text`: records of several lines, made of neighbours among the lines with an odd quote.

    In a run of neighbours that could all be joined, pairs are joined from the first.
    """
    dialect, sql = layout.dialect, layout.dialect.sql
    odd = f"SELECT seq, n, {dialect.opens_quote('line')} AS opens FROM ({lines}) WHERE {dialect.has_odd_quotes('line')}"
    here = "(PARTITION BY seq ORDER BY n)"
    pairs = f"SELECT *, lead(n) OVER {here} AS last, row_number() OVER {here} AS i FROM ({odd})"
    near = f"SELECT *, {sql.integer_range('n', 'last')} AS part FROM ({pairs}) WHERE opens AND last - n < {MAX_RECORD_LINES}"
    joined = sql.string_agg("coalesce(l.line, '')", "l.n", dialect.newline)
    texts = (
        f"SELECT l.file, p.seq, p.n, p.last, p.i, {joined} AS text "
        f"FROM ({lines}) l JOIN ({near}) p ON l.seq = p.seq AND l.n = p.part GROUP BY l.file, p.seq, p.n, p.last, p.i"
    )
    restored = f"SELECT file, seq, n, last, i, {sql.restore_returns('text', mixed=layout.mixed)} AS text FROM ({texts})"
    cut = f"SELECT *, {dialect.split_fields('text')} AS f FROM ({restored}) WHERE {sql.byte_length('text')} <= {MAX_RECORD_BYTES}"
    whole = f"SELECT * FROM ({cut}) WHERE {sql.list_length('f')} = {len(layout.header)} AND NOT {dialect.has_text_outside_fields('text', 'f')}"
    runs = f"SELECT *, i - row_number() OVER (PARTITION BY seq ORDER BY i) AS run FROM ({whole})"
    placed = f"SELECT *, row_number() OVER (PARTITION BY seq, run ORDER BY i) AS place FROM ({runs})"
    return f"SELECT file, seq, n, last, text FROM ({placed}) WHERE place % 2 = 1"


def not_blank(carriage: str) -> str:
    """Condition: the line is not blank."""
    return f"(line IS NOT NULL AND line <> {carriage})"
