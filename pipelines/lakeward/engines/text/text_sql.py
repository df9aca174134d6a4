"""What the reading of text needs an engine's SQL to say, so that records are judged by one text of rules on every engine.

Refuses to hide structure: SELECTs, joins, windows and CASE are the same everywhere and are written where they are used.
"""

from collections.abc import Sequence
from typing import Protocol


class TextSqlDialect(Protocol):
    """SQL expressions, as texts over texts of expressions. Patterns are of RE2 with `(?s)`, which Java reads alike.

    Attributes:
        possessive: What follows a `*` that need never give anything back: nothing where the matcher keeps no stack.
        carriage: Literal of what stands for a carriage return in a line.
    """

    possessive: str
    carriage: str

    def literal(self, text: str) -> str:
        """A text."""
        ...

    def identifier(self, name: str) -> str:
        """A quoted name."""
        ...

    def split(self, text: str, separator: str) -> str:
        """List of texts: what stands between the signs."""
        ...

    def extract_all(self, text: str, pattern: str) -> str:
        """List of texts: the first group of each match."""
        ...

    def full_match(self, text: str, pattern: str) -> str:
        """Condition: the whole text matches."""
        ...

    def remove_matches(self, text: str, pattern: str) -> str:
        """Text: every match taken out."""
        ...

    def replace_by_group(self, text: str, pattern: str) -> str:
        """Text: every match replaced by its first group."""
        ...

    def byte_length(self, text: str) -> str:
        """Integer: bytes of the text in UTF-8."""
        ...

    def integer_division(self, number: str, divisor: int) -> str:
        """Integer: the quotient without its rest."""
        ...

    def list_item(self, items: str, position: int) -> str:
        """The list's item, from 1; NULL where there is none."""
        ...

    def list_length(self, items: str) -> str:
        """Integer: the items of the list."""
        ...

    def join_list(self, items: str, separator: str) -> str:
        """Text: the texts of a list with the sign between them."""
        ...

    def strip_ends(self, text: str) -> str:
        """Text without its first and its last character."""
        ...

    def starts_with(self, text: str, prefix: str) -> str:
        """Condition: the text begins with the sign."""
        ...

    def integer_range(self, first: str, last: str) -> str:
        """One row for each integer of the range, ends included; an item of a SELECT."""
        ...

    def string_agg(self, text: str, order: str, separator: str) -> str:
        """Aggregate: the texts in this order with the sign between them."""
        ...

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """Text: JSON of names (texts) and values (expressions of texts)."""
        ...

    def restore_returns(self, text: str, *, mixed: bool) -> str:
        """The text of a record with its carriage returns put back, the one at its end being part of the line end."""
        ...

    def has_marks(self, text: str) -> str:
        """Condition: the text holds marks of bytes that did not decode."""
        ...

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """Binary: the text in UTF-8, with the bytes that did not decode put back as they were."""
        ...

    def exclude_rejects(self, records: str, reason: str) -> str:
        """SELECT of those `records` (`seq, n` among them) that are no rejects; `reason` is NULL for them."""
        ...
