"""How Spark says what the reading of text needs.

Refuses `$` in a literal: Spark would put a variable's value in its place.
"""

from collections.abc import Sequence

from lakeward.engines.text.decoding import BYTE_MARK
from lakeward.engines.text.words import Words

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "$": "\\u0024", "\0": "\\u0000", "\r": "\\r", "\n": "\\n"})


class SparkWords:
    """`Words` of Spark. A line ends with its carriage return as it was received."""

    # Java's matcher takes a frame of its stack for each turn of a group that could give something back.
    possessive = "+"
    carriage = "'\\r'"

    def literal(self, text: str) -> str:
        """See `Words.literal`."""
        return "'" + text.translate(_ESCAPES) + "'"

    def identifier(self, name: str) -> str:
        """See `Words.identifier`."""
        return "`" + name.replace("`", "``") + "`"

    def parts(self, text: str, sign: str) -> str:
        """See `Words.parts`."""
        return f"split({text}, {self.literal(f'[{_in_class(sign)}]')}, -1)"

    def found(self, text: str, pattern: str) -> str:
        """See `Words.found`."""
        return f"regexp_extract_all({text}, {self.literal(pattern)}, 1)"

    def matches(self, text: str, pattern: str) -> str:
        """See `Words.matches`."""
        return f"({text} RLIKE {self.literal(f'^(?:{pattern})' + chr(92) + 'z')})"

    def without(self, text: str, pattern: str) -> str:
        """See `Words.without`."""
        return f"regexp_replace({text}, {self.literal(pattern)}, '')"

    def unwrapped(self, text: str, pattern: str) -> str:
        """See `Words.unwrapped`."""
        return f"regexp_replace({text}, {self.literal(pattern)}, {self.literal('$1')})"

    def size(self, text: str) -> str:
        """See `Words.size`."""
        return f"octet_length({text})"

    def whole(self, number: str, divisor: int) -> str:
        """See `Words.whole`."""
        return f"{number} div {divisor}"

    def item(self, items: str, place: int) -> str:
        """See `Words.item`."""
        return f"get({items}, {place - 1})"

    def count(self, items: str) -> str:
        """See `Words.count`."""
        return f"size({items})"

    def joined(self, items: str, sign: str) -> str:
        """See `Words.joined`."""
        return f"array_join({items}, {self.literal(sign)})"

    def inner(self, text: str) -> str:
        """See `Words.inner`."""
        return f"substring({text}, 2, char_length({text}) - 2)"

    def starts(self, text: str, sign: str) -> str:
        """See `Words.starts`."""
        return f"startswith({text}, {self.literal(sign)})"

    def every(self, first: str, last: str) -> str:
        """See `Words.every`."""
        return f"explode(sequence({first}, {last}))"

    def gathered(self, text: str, order: str, sign: str) -> str:
        """See `Words.gathered`."""
        sorted_ = f"array_sort(collect_list(struct({order} AS o, {text} AS t)))"
        return f"array_join(transform({sorted_}, x -> x.t), {self.literal(sign)})"

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """See `Words.json_object`."""
        return f"to_json(map({', '.join(f'{self.literal(name)}, {value}' for name, value in pairs)}))"

    def restored(self, text: str, *, mixed: bool) -> str:
        """See `Words.restored`."""
        if not mixed:
            return text
        return f"CASE WHEN endswith({text}, '\\r') THEN substring({text}, 1, char_length({text}) - 1) ELSE {text} END"

    def marked(self, text: str) -> str:
        """See `Words.marked`."""
        return f"({text} RLIKE {self.literal(f'[{chr(BYTE_MARK)}-{chr(BYTE_MARK + 255)}]')})"

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """See `Words.raw_bytes`."""
        if not undecoded:
            return f"CAST({text} AS BINARY)"
        byte = f"ascii(c) - {BYTE_MARK}"
        digit = f"CASE WHEN {byte} BETWEEN 0 AND 255 THEN right(hex({byte} + 256), 2) ELSE hex(c) END"
        return f"unhex(array_join(transform(regexp_extract_all({text}, '(?s).', 0), c -> {digit}), ''))"

    def unrejected(self, records: str, reason: str) -> str:
        """See `Words.unrejected`. Judged again: reading a record twice costs less than sorting all of them to tell which were rejected."""
        return f"SELECT * FROM (SELECT *, {reason} AS _why FROM ({records})) WHERE _why IS NULL"


def _in_class(sign: str) -> str:
    return "\\" + sign if sign in "\\]^[-&" else sign


SPARK: Words = SparkWords()
