"""Records of delimited text, as SQL over numbered lines.

A line with no quote is cut at its delimiters; one with quotes is cut by an expression that must cover it whole. A quoted line
break joins lines only where the joined record has as many fields as the header: a stray quote costs its own line, no other.
Refuses to trim, type or null a value.
"""

import re
from dataclasses import dataclass

from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.text.words import Words

# A quoted text with more lines, or more bytes, is no field anybody wrote: it is two stray quotes far apart.
MAX_RECORD_LINES = 1000
MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How fields are set apart. Each method gives an SQL expression over the expression of a text.

    Args:
        delimiter, quote, escape: One character each; an empty `quote` means that nothing is quoted.
        newline: The line end of the file, which a field without quotes can't hold.
        words: How the engine says it.
    """

    delimiter: str
    quote: str
    escape: str
    newline: str
    words: Words

    @classmethod
    def of(cls, record_format: RecordFormat, newline: str, words: Words) -> "Dialect":
        """The dialect that the contract declares."""
        read = record_format
        return cls(delimiter=read.delimiter, quote=read.quote, escape=read.escape, newline=newline, words=words)

    @property
    def escapes(self) -> bool:
        """Whether a character other than the quote itself escapes."""
        return self.escape not in ("", self.quote)

    def special(self, text: str) -> str:
        """Condition: cutting at delimiters is not enough."""
        signs = [self.quote] * bool(self.quote) + [self.escape] * self.escapes
        return "(" + (" OR ".join(f"contains({text}, {self.words.literal(sign)})" for sign in signs) or "false") + ")"

    def odd(self, text: str) -> str:
        """Condition: the text opens or closes a quote that it does not also close or open."""
        if not self.quote:
            return "false"
        quotes = self.words.without(text, f"(?s){re.escape(self.escape)}.") if self.escapes else text
        without = f"replace({quotes}, {self.words.literal(self.quote)}, '')"
        count = self.words.whole(f"({self.words.size(quotes)} - {self.words.size(without)})", len(self.quote.encode()))
        return f"({self.special(text)} AND {count} % 2 = 1)"

    def fields(self, text: str) -> str:
        """List of texts: the fields as written, quotes included."""
        before = f"{self.words.literal(self.delimiter)} || {text}"
        return (
            f"CASE WHEN {self.special(text)} THEN {self.words.found(before, self._pattern())} "
            f"ELSE {self.words.parts(text, self.delimiter)} END"
        )

    def opens(self, text: str) -> str:
        """Condition on a text with an odd quote: whole fields, then one that begins with the quote and goes on behind it."""
        quoted, plain = self._open_field(), self._plain_field()
        edge, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        dangling = f"{re.escape(self.escape)}?" if self.escapes else ""
        closed = f"(?:(?:{quoted}{edge}|{plain}){delimiter})*{self.words.possessive}"
        return self.words.matches(text, f"(?s){closed}{quoted}{dangling}")

    def _pattern(self) -> str:
        quoted = f"{self._open_field()}{re.escape(self.quote)}|" if self.quote else ""
        return f"(?s){re.escape(self.delimiter)}({quoted}{self._plain_field()})"

    def _open_field(self) -> str:
        """A field in quotes up to its closing quote."""
        edge = re.escape(self.quote)
        pair = f"{re.escape(self.escape)}." if self.escapes else edge * 2
        return f"{edge}(?:[^{_in_class(self.quote)}{self._stop()}]|{pair})*{self.words.possessive}"

    def _plain_field(self) -> str:
        """A field without quotes around it, or nothing."""
        inner = f"[^{_in_class(self.delimiter)}{_in_class(self.newline[-1])}{self._stop()}"
        pair = f"|{re.escape(self.escape)}." if self.escapes else ""
        return f"(?:{inner}{_in_class(self.quote)}]{pair})(?:{inner}]{pair})*{self.words.possessive}|"

    def _stop(self) -> str:
        return _in_class(self.escape) if self.escapes else ""

    def uncovered(self, text: str, fields: str) -> str:
        """Condition: the fields are not the whole text: something stands after a closing quote."""
        return f"({self.special(text)} AND {self.words.joined(fields, self.delimiter)} <> {text})"

    def value(self, field: str) -> str:
        """Text: what a field means: outer quotes taken off, escaped characters restored."""
        if not self.quote and not self.escapes:
            return field
        inner, plain = self.words.inner(field), field
        if self.escapes:
            inner, plain = self._unescaped(inner), self._unescaped(field)
        else:
            inner = f"replace({inner}, {self.words.literal(self.quote * 2)}, {self.words.literal(self.quote)})"
        return f"CASE WHEN {self.words.starts(field, self.quote)} THEN {inner} ELSE {plain} END"

    def _unescaped(self, text: str) -> str:
        signs = "".join(_in_class(sign) for sign in (self.quote, self.escape, self.delimiter))
        return self.words.unwrapped(text, f"{re.escape(self.escape)}([{signs}])")


def reason(dialect: Dialect, width: int, *, undecoded: bool) -> str:
    """Text: why `text`, cut into fields `f`, is no record of `width` fields; NULL where it is one."""
    marked = dialect.words.marked("text") if undecoded else "false"
    count = dialect.words.count("f")
    return (
        f"CASE WHEN {marked} THEN 'reject_encoding' "
        f"WHEN {dialect.odd('text')} THEN 'reject_stray_quote' "
        f"WHEN {dialect.uncovered('text', 'f')} THEN 'reject_text_after_quote' "
        f"WHEN {count} < {width} THEN 'reject_too_few_fields' "
        f"WHEN {count} > {width} THEN 'reject_too_many_fields' END"
    )


def detail(words: Words, width: int) -> str:
    """Text: what was expected and found, where `reason` is about the number of fields."""
    found = f"'expected {width} fields, found ' || {words.count('f')}"
    return f"CASE WHEN reason IN ('reject_too_few_fields', 'reject_too_many_fields') THEN {found} END"


def _in_class(sign: str) -> str:
    """A character as it stands in `[]` of a regular expression; nothing for none."""
    return re.sub(r"([\\\]\[^-])", r"\\\1", sign)
