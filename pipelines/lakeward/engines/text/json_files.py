"""Files of one JSON object per line (RFC 8259 texts) as SQL over their lines: parsed line by line, with values as text.

A duplicate key is a reject. The engine decides how a number is written: beyond 64 bits, or more digits than a double holds, only
whole numbers keep every digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lakeward.contracts.batch import MAX_UNKNOWN_KEYS, BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, match_columns
from lakeward.contracts.model import Column
from lakeward.engines.text.csv_files import not_blank
from lakeward.engines.text.staging_queries import StagingQueries, rejects_select, rows_select
from lakeward.engines.text.text_sql import TextSqlDialect


class JsonTextSql(Protocol):
    """SQL expressions of an engine for parsing JSON, over the result of `parse_records`."""

    def parse_records(self, records: str) -> str:
        """SELECT of the records with the parsed `text`."""
        ...

    def is_object(self) -> str:
        """Condition: the text is one JSON object and nothing else."""
        ...

    def has_duplicate_keys(self) -> str:
        """Condition on an object: it has a duplicate key."""
        ...

    def unnest_keys(self) -> str:
        """One row for each key of an object, none for anything else; an item of a SELECT."""
        ...

    def has_key(self, key: str) -> str:
        """Condition on an object: it has the key."""
        ...

    def extract_values(self, records: str, keys: Sequence[str], unknown: str) -> str:
        """SELECT of the parsed good records, with the columns for `key_value` and `unknown_keys_json`.

        Args:
            keys: The keys to extract.
            unknown: Condition on a key `k` that is not a column's.
        """
        ...

    def key_value(self, key: str, position: int) -> str:
        """Text of the key's value, NULL for none; `position` is the key's in `keys` of `extract_values`, from 1."""
        ...

    def unknown_keys_json(self, unknown: str) -> str:
        """Text: JSON of the keys that are not columns, by the same condition, or NULL."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonGroup:
    """Files of JSON lines that one SELECT reads.

    Args:
        lines: SELECT of `file, seq, n, line`: their lines, NULL for a blank line.
        least: Minimum share of the columns in the objects of a file.
        mixed: Whether lines contain carriage returns.
        undecoded: Whether lines contain marks of bytes that did not decode.
    """

    sql: TextSqlDialect
    json_sql: JsonTextSql
    lines: str
    columns: Sequence[Column]
    mixed: bool = False
    undecoded: bool = False
    least: float = 0.0

    def read(self, queries: StagingQueries, keys: Iterable[tuple[int, str]], files: Iterable[tuple[BatchInput, int]]) -> None:
        """Add the rows, rejects and reports to the reading.

        Args:
            keys: The rows of `keys_select`.
            files: The files with their number of records.
        """
        names: dict[int, list[str]] = {}
        for seq, key in keys:
            names.setdefault(seq, []).append(key)
        refused = []
        for file, records in files:
            found = names.get(file.seq, [])
            match = match_columns([replace(column, required=False) for column in self.columns], found, self.least if found else 0)
            queries.reports.append(FileReport.of_match(file, records, found, match))
            refused += [file.seq] if match.fault else []
        self._read_records(queries, refused)

    def _read_records(self, queries: StagingQueries, refused: Sequence[int]) -> None:
        records = self.json_sql.parse_records(self._records())
        raw, reason = self.sql.raw_bytes("text", undecoded=self.undecoded), self._reason(refused)
        queries.rejects.append(rejects_select(records, reason, "CAST(NULL AS STRING)", raw))
        names = dict.fromkeys(name for column in self.columns for name in _names(column))
        keys, unknown = list(names), self._unknown_condition()
        good = self.json_sql.extract_values(self.sql.exclude_rejects(records, reason), keys, unknown)
        values = [self._value_sql(column, keys) for column in self.columns]
        queries.rows.append(rows_select(self.sql, good, self.columns, values, self.json_sql.unknown_keys_json(unknown)))

    def keys_select(self) -> str:
        """SELECT of `seq, k`: the keys of each file that are columns, and the first keys that are not, by name."""
        records = self.json_sql.parse_records(self._records())
        judged = f"SELECT * FROM ({records}) WHERE NOT {self._has_marks()}"
        keys = f"SELECT DISTINCT seq, k FROM (SELECT seq, {self.json_sql.unnest_keys()} AS k FROM ({judged}))"
        known = ", ".join(self.sql.literal(name) for column in self.columns for name in _names(column))
        told = f"SELECT seq, k, k IN ({known}) AS known FROM ({keys})"
        placed = f"SELECT *, row_number() OVER (PARTITION BY seq, known ORDER BY k) AS place FROM ({told})"
        return f"SELECT seq, k FROM ({placed}) WHERE known OR place <= {MAX_UNKNOWN_KEYS} ORDER BY seq, k"

    def _value_sql(self, column: Column, keys: Sequence[str]) -> str:
        if column.joined_names:
            return " || ' ' || ".join(
                f"trim({self.json_sql.key_value(name, keys.index(name) + 1)})" for name in column.joined_names
            )
        values = [self.json_sql.key_value(name, keys.index(name) + 1) for name in column.source_names]
        cases = [
            f"WHEN {self.json_sql.has_key(name)} THEN {value}" for name, value in zip(column.source_names, values, strict=True)
        ]
        return f"CASE {' '.join(cases)} END" if len(values) > 1 else values[0]

    def _unknown_condition(self) -> str:
        """Condition on a key `k` that is not a column's; an alternative name is one only if the object has no earlier name."""
        first = dict.fromkeys(name for column in self.columns for name in column.joined_names or (column.source_name,))
        known = ", ".join(map(self.sql.literal, first))
        others = [
            f"NOT (k = {self.sql.literal(name)}{''.join(f' AND NOT {self.json_sql.has_key(first)}' for first in column.source_names[:place])})"
            for column in self.columns
            for place, name in enumerate(_names(column))
            if place and not column.joined_names
        ]
        return " AND ".join([f"k NOT IN ({known})", *others])

    def _records(self) -> str:
        text = self.sql.restore_returns("line", mixed=self.mixed)
        return f"SELECT file, seq, n, {text} AS text FROM ({self.lines}) WHERE {not_blank(self.sql.carriage)}"

    def _reason(self, refused: Sequence[int]) -> str:
        other = f"WHEN seq IN ({', '.join(map(str, refused))}) THEN {self.sql.literal(OTHER_COLUMNS)} " if refused else ""
        return (
            f"CASE {other}WHEN {self._has_marks()} THEN 'reject_encoding' "
            f"WHEN NOT {self.json_sql.is_object()} THEN 'reject_not_json' "
            f"WHEN {self.json_sql.has_duplicate_keys()} THEN 'reject_duplicate_key' END"
        )

    def _has_marks(self) -> str:
        return self.sql.has_marks("text") if self.undecoded else "false"


def _names(column: Column) -> tuple[str, ...]:
    """Every name in files that the column's value is read from."""
    return column.joined_names or column.source_names
