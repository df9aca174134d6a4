"""Headers that come again among the records, where exports were put one behind another.

A value that is a column's name is data. A record is a reject only if it is the header again, field by field, two at least. It is the
header of another table, whose records would go to other columns, only if it has all of the contract's columns that the file has, three
at least, each once, and no value; then the whole file is rejected.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from lakeward.contracts.column_match import holds_values
from lakeward.engines.text.csv_records import CsvRecordSql

REPEATED_HEADER, OTHER_HEADER = "reject_repeated_header", "reject_other_header"
# Names that a line is searched for before it is looked at field by field; the longest, which stand in the fewest records.
_PROBES = 6
# Fewest names in a line that is the header again, and in one that is another table's.
_LEAST_NAMES, _LEAST_OTHER_NAMES = 2, 3


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
        """Condition: two of the filled fields, and at least half of them, are names of the header."""
        names, sql = sorted(self._names), dialect.sql
        if len(names) < _LEAST_NAMES:
            return "false"
        probes = sorted((name for name in names if name.isprintable() and dialect.quote not in name), key=len)[-_PROBES:]
        probes = probes[-(len(names) // 2 + 1) :]
        searched = " OR ".join(f"contains({text}, {sql.literal(name)})" for name in probes) or "true"
        value = f"trim({dialect.field_value('x')})"
        named = sql.count_items(fields, f"{value} IN ({', '.join(map(sql.literal, names))})")
        filled = sql.count_items(fields, "x <> ''")
        return f"CASE WHEN {searched} THEN {named} >= {_LEAST_NAMES} AND 2 * {named} >= {filled} ELSE false END"

    def find(self, lines: Iterable[HeaderLike], quote: str, contracted: Collection[str]) -> tuple[frozenset[str], dict[int, int]]:
        """The texts of headers that come again; and the first line, by file, that is the header of another table."""
        repeated: set[str] = set()
        others: dict[int, int] = {}
        for found in lines:
            why = self.judge([_unquote(field, quote) for field in found.fields], contracted)
            if why == REPEATED_HEADER:
                repeated.add(found.text)
            elif why:
                others[found.seq] = min(found.line, others.get(found.seq, found.line))
        return frozenset(repeated), others

    def judge(self, values: Iterable[str], contracted: Collection[str]) -> str | None:
        """Message code of a record that is this header again, or that of another table.

        Args:
            contracted: The names in the file that are the contract's.
        """
        fields = _without_empty_end([value.strip() for value in values])
        filled = [field for field in fields if field]
        named = [field for field in filled if field in self._names]
        if len(named) < _LEAST_NAMES or 2 * len(named) < len(filled):
            return None
        if any(_without_empty_end(row) == fields for row in self.rows):
            return REPEATED_HEADER
        is_other = len(contracted) >= _LEAST_OTHER_NAMES and set(filled).issuperset(contracted)
        return OTHER_HEADER if is_other and len(set(filled)) == len(filled) and not holds_values(filled) else None


NO_HEADER = HeaderRows()


def _without_empty_end(fields: Sequence[str]) -> list[str]:
    last = max((place for place, field in enumerate(fields, 1) if field), default=0)
    return list(fields[:last])


def _unquote(field: str, quote: str) -> str:
    return field[1:-1].replace(quote * 2, quote) if quote and field.startswith(quote) else field
