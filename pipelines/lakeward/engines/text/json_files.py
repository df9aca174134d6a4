"""Files of one JSON object per line (RFC 8259 texts) as SQL over their lines: parsed line by line, with values as text.

A duplicate key is a reject. The engine decides how a number is written: beyond 64 bits, or more digits than a double holds, only
whole numbers keep every digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lakeward.contracts.model import Column
from lakeward.engines.text.csv_files import not_blank
from lakeward.engines.text.staging_queries import StagingQueries, rejects_select, rows_select
from lakeward.engines.text.text_sql import TextSqlDialect

# Maximum number of unknown keys in a report, since ids can be used as keys; `_extra` keeps all.
MAX_UNKNOWN = 100


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

    def extract_values(self, records: str, columns: Sequence[Column]) -> str:
        """SELECT of the parsed good records, with the columns for `column_value` and `unknown_keys_json`."""
        ...

    def column_value(self, column: Column, position: int) -> str:
        """Text of the key's value, NULL for none; `position` is the column's, from 1."""
        ...

    def unknown_keys_json(self, columns: Sequence[Column]) -> str:
        """Text: JSON of the keys that are not columns, or NULL."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonGroup:
    """Files of JSON lines that one SELECT reads.

    Args:
        lines: SELECT of `file, seq, n, line`: their lines, NULL for a blank line.
        mixed: Whether lines contain carriage returns.
        undecoded: Whether lines contain marks of bytes that did not decode.
    """

    sql: TextSqlDialect
    json_sql: JsonTextSql
    lines: str
    columns: Sequence[Column]
    mixed: bool = False
    undecoded: bool = False

    def read(self, queries: StagingQueries) -> None:
        """Add the rows and rejects to the reading."""
        records = self.json_sql.parse_records(self._records())
        raw = self.sql.raw_bytes("text", undecoded=self.undecoded)
        queries.rejects.append(rejects_select(records, self._reason(), "CAST(NULL AS STRING)", raw))
        good = self.json_sql.extract_values(self.sql.exclude_rejects(records, self._reason()), self.columns)
        values = [self.json_sql.column_value(column, position) for position, column in enumerate(self.columns, 1)]
        queries.rows.append(rows_select(self.sql, good, self.columns, values, self.json_sql.unknown_keys_json(self.columns)))

    def unknown_keys_select(self) -> str:
        """SELECT of `seq, k`: the first keys of each file that are not columns, by name."""
        records = self.json_sql.parse_records(self._records())
        judged = f"SELECT * FROM ({records}) WHERE NOT {self._has_marks()}"
        keys = f"SELECT DISTINCT seq, k FROM (SELECT seq, {self.json_sql.unnest_keys()} AS k FROM ({judged}))"
        known = ", ".join(self.sql.literal(column.source_name) for column in self.columns)
        strange = (
            f"SELECT seq, k, row_number() OVER (PARTITION BY seq ORDER BY k) AS place FROM ({keys}) WHERE k NOT IN ({known})"
        )
        return f"SELECT seq, k FROM ({strange}) WHERE place <= {MAX_UNKNOWN} ORDER BY seq, k"

    def _records(self) -> str:
        text = self.sql.restore_returns("line", mixed=self.mixed)
        return f"SELECT file, seq, n, {text} AS text FROM ({self.lines}) WHERE {not_blank(self.sql.carriage)}"

    def _reason(self) -> str:
        return (
            f"CASE WHEN {self._has_marks()} THEN 'reject_encoding' "
            f"WHEN NOT {self.json_sql.is_object()} THEN 'reject_not_json' "
            f"WHEN {self.json_sql.has_duplicate_keys()} THEN 'reject_duplicate_key' END"
        )

    def _has_marks(self) -> str:
        return self.sql.has_marks("text") if self.undecoded else "false"
