"""SQL expressions that reading text needs from an engine, so that all engines apply the same rules.

SELECTs, joins, windows and CASE are equal on all engines and are written where they are used.
"""

from collections.abc import Sequence
from typing import Protocol


class TextSqlDialect(Protocol):
    """SQL expressions as texts. Patterns are in RE2's syntax with `(?s)`, which means the same in Java.

    Attributes:
        possessive: Suffix of a possessive `*`: empty if the matcher needs no stack.
        carriage: Literal of the marker of a carriage return in a line.
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
        """List of texts: the parts between separators."""
        ...

    def extract_all(self, text: str, pattern: str) -> str:
        """List of texts: the first group of each match."""
        ...

    def full_match(self, text: str, pattern: str) -> str:
        """Condition: the whole text matches."""
        ...

    def remove_matches(self, text: str, pattern: str) -> str:
        """Text without all matches."""
        ...

    def replace_by_group(self, text: str, pattern: str) -> str:
        """Text with each match replaced by its first group."""
        ...

    def byte_length(self, text: str) -> str:
        """Integer: bytes of the text in UTF-8."""
        ...

    def integer_division(self, number: str, divisor: int) -> str:
        """Integer: the quotient without remainder."""
        ...

    def list_item(self, items: str, position: int) -> str:
        """The list's item, from 1; NULL if there is none."""
        ...

    def list_length(self, items: str) -> str:
        """Integer: the number of items."""
        ...

    def count_items(self, items: str, condition: str) -> str:
        """Integer: the items for which the condition on `x` holds."""
        ...

    def join_list(self, items: str, separator: str) -> str:
        """Text: the texts of a list, joined by the separator."""
        ...

    def strip_ends(self, text: str) -> str:
        """Text without its first and its last character."""
        ...

    def starts_with(self, text: str, prefix: str) -> str:
        """Condition: the text begins with the prefix."""
        ...

    def integer_range(self, first: str, last: str) -> str:
        """One row for each integer of the range, ends included; an item of a SELECT."""
        ...

    def string_agg(self, text: str, order: str, separator: str) -> str:
        """Aggregate: the texts in this order, joined by the separator."""
        ...

    def json_object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """Text: JSON of names (texts) and values (expressions of texts)."""
        ...

    def restore_returns(self, text: str, *, mixed: bool) -> str:
        """The text of a record with its carriage returns restored, except one at its end, which is part of the line end."""
        ...

    def has_marks(self, text: str) -> str:
        """Condition: the text contains marks of bytes that did not decode."""
        ...

    def raw_bytes(self, text: str, *, undecoded: bool) -> str:
        """Binary: the text in UTF-8, with the original bytes that did not decode."""
        ...

    def exclude_rejects(self, records: str, reason: str) -> str:
        """SELECT of those `records` (with `seq, n`) that are not rejects; their `reason` is NULL."""
        ...
