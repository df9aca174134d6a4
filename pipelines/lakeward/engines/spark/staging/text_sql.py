"""SQL expressions of Spark for reading text files.

`$` in a literal is escaped, because Spark substitutes variables.
"""

from collections.abc import Sequence

from lakeward.engines.text.decoding import BYTE_MARK
from lakeward.engines.text.text_sql import TextSqlDialect

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "$": "\\u0024", "\0": "\\u0000", "\r": "\\r", "\n": "\\n"})


class SparkTextSql:
    """`TextSqlDialect` of Spark. A line keeps its carriage return."""

    # Java's matcher needs a stack frame per repetition of a backtracking group.
    possessive = "+"
    carriage = "'\\r'"

    def literal(self, text: str) -> str:
        """See `TextSqlDialect.literal`."""
        return "'" + text.translate(_ESCAPES) + "'"

    def identifier(self, name: str) -> str:
        """See `TextSqlDialect.identifier`."""
        return "`" + name.replace("`", "``") + "`"

    def split(self, text: str, separator: str) -> str:
        """See `TextSqlDialect.split`."""
        return f"split({text}, {self.literal(f'[{_class_member(separator)}]')}, -1)"

    def extract_all(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.extract_all`."""
        return f"regexp_extract_all({text}, {self.literal(pattern)}, 1)"

    def full_match(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.full_match`."""
        return f"({text} RLIKE {self.literal(f'^(?:{pattern})' + chr(92) + 'z')})"

    def remove_matches(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.remove_matches`."""
        return f"regexp_replace({text}, {self.literal(pattern)}, '')"

    def replace_by_group(self, text: str, pattern: str) -> str:
        """See `TextSqlDialect.replace_by_group`."""
        return f"regexp_replace({text}, {self.literal(pattern)}, {self.literal('$1')})"

    def byte_length(self, text: str) -> str:
        """See `TextSqlDialect.byte_length`."""
        return f"octet_length({text})"

    def integer_division(self, number: str, divisor: int) -> str:
        """See `TextSqlDialect.integer_division`."""
        return f"{number} div {divisor}"

    def list_item(self, items: str, position: int) -> str:
        """See `TextSqlDialect.list_item`."""
        return f"get({items}, {position - 1})"

    def list_length(self, items: str) -> str:
        """See `TextSqlDialect.list_length`."""
        return f"size({items})"

    def count_items(self, items: str, condition: str) -> str:
        """See `TextSqlDialect.count_items`."""
        return f"size(filter({items}, x -> {condition}))"

    def join_list(self, items: str, separator: str) -> str:
        """See `TextSqlDialect.join_list`."""
        return f"array_join({items}, {self.literal(separator)})"

    def strip_ends(self, text: str) -> str:
        """See `TextSqlDialect.strip_ends`."""
        return f"substring({text}, 2, char_length({text}) - 2)"

    def starts_with(self, text: str, prefix: str) -> str:
        """See `TextSqlDialect.starts_with`."""
        return f"startswith({text}, {self.literal(prefix)})"

    def integer_range(self, first: str, last: str) -> str:
        """See `TextSqlDialect.integer_range`."""
        return f"explode(sequence({first}, {last}))"

    def string_agg(self, text: str, order: str, separator: str) -> str:
        """See `TextSqlDialect.string_agg`."""
        sorted_ = f"array_sort(collect_list(struct({order} AS o, {text} AS t)))"
        return f"array_join(transform({sorted_}, x -> x.t), {self.literal(separator)})"

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """See `TextSqlDialect.json_object`."""
        return f"to_json(map({', '.join(f'{self.literal(name)}, {value}' for name, value in pairs)}))"

    def restore_returns(self, text: str, *, mixed: bool) -> str:
        """See `TextSqlDialect.restore_returns`."""
        if not mixed:
            return text
        return f"CASE WHEN endswith({text}, '\\r') THEN substring({text}, 1, char_length({text}) - 1) ELSE {text} END"

    def has_marks(self, text: str) -> str:
        """See `TextSqlDialect.has_marks`."""
        return f"({text} RLIKE {self.literal(f'[{chr(BYTE_MARK)}-{chr(BYTE_MARK + 255)}]')})"

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """See `TextSqlDialect.raw_bytes`."""
        if not undecoded:
            return f"CAST({text} AS BINARY)"
        byte = f"ascii(c) - {BYTE_MARK}"
        digit = f"CASE WHEN {byte} BETWEEN 0 AND 255 THEN right(hex({byte} + 256), 2) ELSE hex(c) END"
        return f"unhex(array_join(transform(regexp_extract_all({text}, '(?s).', 0), c -> {digit}), ''))"

    def exclude_rejects(self, records: str, reason: str) -> str:
        """See `TextSqlDialect.exclude_rejects`. Records are judged again, which costs less than an anti-join."""
        return f"SELECT * FROM (SELECT *, {reason} AS _why FROM ({records})) WHERE _why IS NULL"


def _class_member(sign: str) -> str:
    return "\\" + sign if sign in "\\]^[-&" else sign


SPARK: TextSqlDialect = SparkTextSql()
