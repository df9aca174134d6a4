"""Records of delimited text, as SQL over numbered lines.

A line without quotes is split at its delimiters; one with quotes by an expression that must match it whole. A quoted line
break joins lines only if the joined record has as many fields as the header: a stray quote affects only its own line.
Values are not trimmed, typed or set to NULL here.
"""

import re
from dataclasses import dataclass

from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.text.text_sql import TextSqlDialect

# Maximum lines and bytes of a quoted field; a longer one counts as two stray quotes.
MAX_RECORD_LINES = 1000
MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRecordSql:
    """The dialect of delimited text. Each method returns an SQL expression over the expression of a text.

    Args:
        delimiter, quote, escape: One character each; an empty `quote` disables quoting.
        newline: The line end of the file, which an unquoted field can't contain.
        sql: The text functions of the engine.
    """

    delimiter: str
    quote: str
    escape: str
    newline: str
    sql: TextSqlDialect

    @classmethod
    def of(cls, record_format: RecordFormat, newline: str, sql: TextSqlDialect) -> "CsvRecordSql":
        """The dialect in the contract."""
        read = record_format
        return cls(delimiter=read.delimiter, quote=read.quote, escape=read.escape, newline=newline, sql=sql)

    @property
    def has_escape(self) -> bool:
        """Whether the escape character differs from the quote."""
        return self.escape not in ("", self.quote)

    def needs_parsing(self, text: str) -> str:
        """Condition: splitting at delimiters is not enough."""
        signs = [self.quote] * bool(self.quote) + [self.escape] * self.has_escape
        return "(" + (" OR ".join(f"contains({text}, {self.sql.literal(sign)})" for sign in signs) or "false") + ")"

    def has_odd_quotes(self, text: str) -> str:
        """Condition: the text has an unbalanced quote."""
        if not self.quote:
            return "false"
        quotes = self.sql.remove_matches(text, f"(?s){re.escape(self.escape)}.") if self.has_escape else text
        without = f"replace({quotes}, {self.sql.literal(self.quote)}, '')"
        count = self.sql.integer_division(
            f"({self.sql.byte_length(quotes)} - {self.sql.byte_length(without)})", len(self.quote.encode())
        )
        return f"({self.needs_parsing(text)} AND {count} % 2 = 1)"

    def split_fields(self, text: str) -> str:
        """List of texts: the fields as written, quotes included."""
        before = f"{self.sql.literal(self.delimiter)} || {text}"
        return (
            f"CASE WHEN {self.needs_parsing(text)} THEN {self.sql.extract_all(before, self._field_pattern())} "
            f"ELSE {self.sql.split(text, self.delimiter)} END"
        )

    def opens_quote(self, text: str) -> str:
        """Condition on a text with an odd quote: whole fields, then a quoted field that is not closed."""
        quoted, plain = self._open_field(), self._plain_field()
        edge, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        dangling = f"{re.escape(self.escape)}?" if self.has_escape else ""
        closed = f"(?:(?:{quoted}{edge}|{plain}){delimiter})*{self.sql.possessive}"
        return self.sql.full_match(text, f"(?s){closed}{quoted}{dangling}")

    def _field_pattern(self) -> str:
        quoted = f"{self._open_field()}{re.escape(self.quote)}|" if self.quote else ""
        return f"(?s){re.escape(self.delimiter)}({quoted}{self._plain_field()})"

    def _open_field(self) -> str:
        """A quoted field up to its closing quote."""
        edge = re.escape(self.quote)
        pair = f"{re.escape(self.escape)}." if self.has_escape else edge * 2
        return f"{edge}(?:[^{_class_member(self.quote)}{self._escape_in_class()}]|{pair})*{self.sql.possessive}"

    def _plain_field(self) -> str:
        """An unquoted field, or nothing."""
        inner = f"[^{_class_member(self.delimiter)}{_class_member(self.newline[-1])}{self._escape_in_class()}"
        pair = f"|{re.escape(self.escape)}." if self.has_escape else ""
        return f"(?:{inner}{_class_member(self.quote)}]{pair})(?:{inner}]{pair})*{self.sql.possessive}|"

    def _escape_in_class(self) -> str:
        return _class_member(self.escape) if self.has_escape else ""

    def has_text_outside_fields(self, text: str, fields: str) -> str:
        """Condition: the fields do not cover the text: there is text after a closing quote."""
        return f"({self.needs_parsing(text)} AND {self.sql.join_list(fields, self.delimiter)} <> {text})"

    def field_value(self, field: str) -> str:
        """Text: the value of a field, without outer quotes and with escapes resolved."""
        if not self.quote and not self.has_escape:
            return field
        inner, plain = self.sql.strip_ends(field), field
        if self.has_escape:
            inner, plain = self._unescape(inner), self._unescape(field)
        else:
            inner = f"replace({inner}, {self.sql.literal(self.quote * 2)}, {self.sql.literal(self.quote)})"
        return f"CASE WHEN {self.sql.starts_with(field, self.quote)} THEN {inner} ELSE {plain} END"

    def _unescape(self, text: str) -> str:
        signs = "".join(_class_member(sign) for sign in (self.quote, self.escape, self.delimiter))
        return self.sql.replace_by_group(text, f"{re.escape(self.escape)}([{signs}])")


def reject_reason(dialect: CsvRecordSql, width: int, *, undecoded: bool) -> str:
    """Text: why `text`, split into fields `f`, is not a record of `width` fields; NULL if it is."""
    marked = dialect.sql.has_marks("text") if undecoded else "false"
    count = dialect.sql.list_length("f")
    return (
        f"CASE WHEN {marked} THEN 'reject_encoding' "
        f"WHEN {dialect.has_odd_quotes('text')} THEN 'reject_stray_quote' "
        f"WHEN {dialect.has_text_outside_fields('text', 'f')} THEN 'reject_text_after_quote' "
        f"WHEN {count} < {width} THEN 'reject_too_few_fields' "
        f"WHEN {count} > {width} THEN 'reject_too_many_fields' END"
    )


def reject_detail(sql: TextSqlDialect, width: int) -> str:
    """Text: the expected and found number of fields, if `reason` is about it."""
    found = f"'expected {width} fields, found ' || {sql.list_length('f')}"
    return f"CASE WHEN reason IN ('reject_too_few_fields', 'reject_too_many_fields') THEN {found} END"


def _class_member(sign: str) -> str:
    """A character escaped for `[]` of a regular expression; empty for none."""
    return re.sub(r"([\\\]\[^-])", r"\\\1", sign)
