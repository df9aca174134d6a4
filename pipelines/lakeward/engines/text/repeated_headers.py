"""Headers that come again among the records, where exports were put one behind another.

A line with the header's own names is a reject. One with the same names in another order, or with some others, is the header of
another table: what stands below it belongs to other columns, so the whole file is rejected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lakeward.contracts.column_match import holds_values
from lakeward.engines.text.csv_records import CsvRecordSql

REPEATED_HEADER, OTHER_HEADER = "reject_repeated_header", "reject_other_header"
# Names that a line is searched for before it is looked at field by field; the longest, which stand in the fewest records.
_PROBES = 6
# Fewest names of a header in a line that is one, where there are several columns.
_LEAST_NAMES = 2


@dataclass(frozen=True, slots=True)
class HeaderLike:
    """A line that may be a header: its file's number, its own number, its text and its fields as written."""

    seq: int
    line: int
    text: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class HeaderRows:
    """The texts of a header, trimmed, row by row."""

    rows: tuple[tuple[str, ...], ...] = ()
    _names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", frozenset(name for row in self.rows for name in row if name))

    def is_like(self, dialect: CsvRecordSql, text: str, fields: str) -> str:
        """Condition: at least half of the filled fields, and two of several, are names of the header."""
        names, sql = sorted(self._names), dialect.sql
        if not names:
            return "false"
        probes = sorted((name for name in names if name.isprintable() and dialect.quote not in name), key=len)[-_PROBES:]
        probes = probes[-(len(names) // 2 + 1) :]
        searched = " OR ".join(f"contains({text}, {sql.literal(name)})" for name in probes) or "true"
        value = f"trim({dialect.field_value('x')})"
        named = sql.count_items(fields, f"{value} IN ({', '.join(map(sql.literal, names))})")
        filled = sql.count_items(fields, "x <> ''")
        least = min(len(names), _LEAST_NAMES)
        return f"CASE WHEN {searched} THEN {named} >= {least} AND 2 * {named} >= {filled} ELSE false END"

    def find(self, lines: Iterable[HeaderLike], quote: str) -> tuple[frozenset[str], dict[int, int]]:
        """The texts of headers that come again; and the first line, by file, that is the header of another table."""
        repeated: set[str] = set()
        others: dict[int, int] = {}
        for found in lines:
            why = self.judge([_unquote(field, quote) for field in found.fields])
            if why == REPEATED_HEADER:
                repeated.add(found.text)
            elif why:
                others[found.seq] = min(found.line, others.get(found.seq, found.line))
        return frozenset(repeated), others

    def judge(self, values: Iterable[str]) -> str | None:
        """Message code of a record that is this header again, or that of another table, where each field names another column."""
        fields = [value.strip() for value in values]
        while fields and not fields[-1]:
            fields.pop()
        filled = [field for field in fields if field]
        named = [field for field in filled if field in self._names]
        if len(named) < min(len(self._names), _LEAST_NAMES) or 2 * len(named) < len(filled):
            return None
        if any(list(row[: len(fields)]) == fields for row in self.rows):
            return REPEATED_HEADER
        if len(set(filled)) < len(filled) or holds_values(filled) or len(fields) > max(map(len, self.rows)):
            return None
        begins = any(row[0] == fields[0] for row in self.rows)
        return OTHER_HEADER if begins or len(named) == len(filled) else None


NO_HEADER = HeaderRows()


def _unquote(field: str, quote: str) -> str:
    return field[1:-1].replace(quote * 2, quote) if quote and field.startswith(quote) else field
