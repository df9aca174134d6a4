"""How DuckDB says what the reading of text needs."""

from collections.abc import Sequence

from lakeward.core.sql import identifier, literal
from lakeward.engines.text.decoding import BYTE_MARK, CARRIAGE_RETURN
from lakeward.engines.text.reading import STAGED_REJECTS
from lakeward.engines.text.words import Words


class DuckDbWords:
    """`Words` of DuckDB."""

    possessive = ""
    carriage = literal(CARRIAGE_RETURN)

    def literal(self, text: str) -> str:
        """See `Words.literal`."""
        return literal(text)

    def identifier(self, name: str) -> str:
        """See `Words.identifier`."""
        return identifier(name)

    def parts(self, text: str, sign: str) -> str:
        """See `Words.parts`."""
        return f"string_split({text}, {literal(sign)})"

    def found(self, text: str, pattern: str) -> str:
        """See `Words.found`."""
        return f"regexp_extract_all({text}, {literal(pattern)}, 1)"

    def matches(self, text: str, pattern: str) -> str:
        """See `Words.matches`."""
        return f"regexp_full_match({text}, {literal(pattern)})"

    def without(self, text: str, pattern: str) -> str:
        """See `Words.without`."""
        return f"regexp_replace({text}, {literal(pattern)}, '', 'g')"

    def unwrapped(self, text: str, pattern: str) -> str:
        """See `Words.unwrapped`."""
        return f"regexp_replace({text}, {literal(pattern)}, '\\1', 'g')"

    def size(self, text: str) -> str:
        """See `Words.size`."""
        return f"strlen({text})"

    def whole(self, number: str, divisor: int) -> str:
        """See `Words.whole`."""
        return f"{number} // {divisor}"

    def item(self, items: str, place: int) -> str:
        """See `Words.item`."""
        return f"{items}[{place}]"

    def count(self, items: str) -> str:
        """See `Words.count`."""
        return f"len({items})"

    def joined(self, items: str, sign: str) -> str:
        """See `Words.joined`."""
        return f"array_to_string({items}, {literal(sign)})"

    def inner(self, text: str) -> str:
        """See `Words.inner`."""
        return f"{text}[2:-2]"

    def starts(self, text: str, sign: str) -> str:
        """See `Words.starts`."""
        return f"starts_with({text}, {literal(sign)})"

    def every(self, first: str, last: str) -> str:
        """See `Words.every`."""
        return f"unnest(range({first}, {last} + 1))"

    def gathered(self, text: str, order: str, sign: str) -> str:
        """See `Words.gathered`."""
        return f"string_agg({text}, {literal(sign)} ORDER BY {order})"

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """See `Words.json_object`."""
        return f"json_object({', '.join(f'{literal(name)}, {value}' for name, value in pairs)})::VARCHAR"

    def restored(self, text: str, *, mixed: bool) -> str:
        """See `Words.restored`."""
        if not mixed:
            return text
        return f"replace(regexp_replace({text}, '{CARRIAGE_RETURN}$', ''), '{CARRIAGE_RETURN}', chr(13))"

    def marked(self, text: str) -> str:
        """See `Words.marked`."""
        return f"regexp_matches({text}, '[{chr(BYTE_MARK)}-{chr(BYTE_MARK + 255)}]')"

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """See `Words.raw_bytes`."""
        if not undecoded:
            return f"encode({text})"
        byte = f"ascii(c) - {BYTE_MARK}"
        digit = f"CASE WHEN {byte} BETWEEN 0 AND 255 THEN printf('%02X', {byte}) ELSE hex(c) END"
        return f"unhex(array_to_string(list_transform(string_split({text}, ''), lambda c: {digit}), ''))"

    def unrejected(self, records: str, reason: str) -> str:
        """See `Words.unrejected`. What was judged for `staged_rejects` is not judged again."""
        del reason
        return f"SELECT r.* FROM ({records}) r ANTI JOIN {STAGED_REJECTS} x ON x._file_seq = r.seq AND x._row = r.n"


DUCKDB: Words = DuckDbWords()
