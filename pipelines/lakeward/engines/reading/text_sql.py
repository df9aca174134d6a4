"""SQL expressions of DuckDB for reading text files."""

from collections.abc import Sequence

from lakeward.core.sql import identifier, literal
from lakeward.engines.text.decoding import BYTE_MARK, CARRIAGE_RETURN
from lakeward.engines.text.staging_queries import STAGED_REJECTS
from lakeward.engines.text.text_sql import TextSqlDialect


class DuckDbTextSql:
    """`TextSqlDialect` of DuckDB."""

    possessive = ""
    carriage = literal(CARRIAGE_RETURN)

    def literal(self, text: str) -> str:
        """See `TextSqlDialect.literal`."""
        return literal(text)

    def identifier(self, name: str) -> str:
        """See `TextSqlDialect.identifier`."""
        return identifier(name)

    def split(self, text: str, separator: str) -> str:
        """See `TextSqlDialect.split`."""
        return f"string_split({text}, {literal(separator)})"

    def extract_all(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.extract_all`."""
        return f"regexp_extract_all({text}, {literal(pattern)}, 1)"

    def full_match(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.full_match`."""
        return f"regexp_full_match({text}, {literal(pattern)})"

    def remove_matches(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.remove_matches`."""
        return f"regexp_replace({text}, {literal(pattern)}, '', 'g')"

    def replace_by_group(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.replace_by_group`."""
        return f"regexp_replace({text}, {literal(pattern)}, '\\1', 'g')"

    def byte_length(self, text: str) -> str:
        """See `TextSqlDialect.byte_length`."""
        return f"strlen({text})"

    def integer_division(self, number: str, divisor: int) -> str:
        """See `TextSqlDialect.integer_division`."""
        return f"{number} // {divisor}"

    def list_item(self, items: str, position: int) -> str:
        """See `TextSqlDialect.list_item`."""
        return f"{items}[{position}]"

    def list_length(self, items: str) -> str:
        """See `TextSqlDialect.list_length`."""
        return f"len({items})"

    def count_items(self, items: str, condition: str) -> str:
        """See `TextSqlDialect.count_items`."""
        return f"len(list_filter({items}, lambda x: {condition}))"

    def join_list(self, items: str, separator: str) -> str:
        """See `TextSqlDialect.join_list`."""
        return f"array_to_string({items}, {literal(separator)})"

    def strip_ends(self, text: str) -> str:
        """See `TextSqlDialect.strip_ends`."""
        return f"{text}[2:-2]"

    def starts_with(self, text: str, prefix: str) -> str:
        """See `TextSqlDialect.starts_with`."""
        return f"starts_with({text}, {literal(prefix)})"

    def integer_range(self, first: str, last: str) -> str:
        """See `TextSqlDialect.integer_range`."""
        return f"unnest(range({first}, {last} + 1))"

    def string_agg(self, text: str, order: str, separator: str) -> str:
        """See `TextSqlDialect.string_agg`."""
        return f"string_agg({text}, {literal(separator)} ORDER BY {order})"

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """See `TextSqlDialect.json_object`."""
        return f"json_object({', '.join(f'{literal(name)}, {value}' for name, value in pairs)})::VARCHAR"

    def restore_returns(self, text: str, *, mixed: bool) -> str:
        """See `TextSqlDialect.restore_returns`."""
        if not mixed:
            return text
        return f"replace(regexp_replace({text}, '{CARRIAGE_RETURN}$', ''), '{CARRIAGE_RETURN}', chr(13))"

    def has_marks(self, text: str) -> str:
        """See `TextSqlDialect.has_marks`."""
        return f"regexp_matches({text}, '[{chr(BYTE_MARK)}-{chr(BYTE_MARK + 255)}]')"

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """See `TextSqlDialect.raw_bytes`."""
        if not undecoded:
            return f"encode({text})"
        byte = f"ascii(c) - {BYTE_MARK}"
        digit = f"CASE WHEN {byte} BETWEEN 0 AND 255 THEN printf('%02X', {byte}) ELSE hex(c) END"
        return f"unhex(array_to_string(list_transform(string_split({text}, ''), lambda c: {digit}), ''))"

    def exclude_rejects(self, records: str, reason: str) -> str:
        """See `TextSqlDialect.exclude_rejects`. Records in `staged_rejects` are excluded by an anti-join, not judged again."""
        del reason
        return f"SELECT r.* FROM ({records}) r ANTI JOIN {STAGED_REJECTS} x ON x._file_seq = r.seq AND x._row = r.n"


DUCKDB: TextSqlDialect = DuckDbTextSql()
