"""Records of delimited text, as SQL over numbered lines.

A line without quotes is split at its delimiters; one with quotes by an expression that must match it whole. A quoted line
break joins lines only if the joined record has as many fields as the header: a stray quote affects only its own line.
Values are not trimmed, typed or set to NULL here.
"""

import re
from dataclasses import dataclass

from lakeward.contracts.record_format import WHITESPACE, RecordFormat
from lakeward.engines.text.text_sql import TextSqlDialect

# Maximum lines and bytes of a quoted field; a longer one counts as two stray quotes.
MAX_RECORD_LINES = 1000
MAX_RECORD_BYTES = 1 << 20
# Around a quote that is no mark of inches or seconds: no digit before it, or a word behind it (`2"x4"` has none).
_NOT_A_DIGIT, _WORD = "[^0-9½¼¾]", "[0-9A-WYZa-wyz_\u00c0-\u00d6\u00d8-\ufffd]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRecordSql:
    """The dialect of delimited text. Each method returns an SQL expression over the expression of a text.

    Args:
        delimiter, quote, escape: One character each; an empty `quote` disables quoting.
        newline: The line end of the file, which an unquoted field can't contain.
        sql: The text functions of the engine.
        comment: What a line begins with that is no record; empty: no line does.
    """

    delimiter: str
    quote: str
    escape: str
    newline: str
    sql: TextSqlDialect
    comment: str = ""

    @classmethod
    def of(cls, record_format: RecordFormat, newline: str, sql: TextSqlDialect) -> "CsvRecordSql":
        """The dialect in the contract."""
        read = record_format
        return cls(delimiter=read.delimiter, quote=read.quote, escape=read.escape, newline=newline, sql=sql, comment=read.comment)

    @property
    def is_blank_separated(self) -> bool:
        """Whether any run of blanks and tabs sets two fields apart; no field goes over a line end then."""
        return self.delimiter == WHITESPACE

    def is_record_line(self) -> str:
        """Condition on `line`: it holds something, and is no comment."""
        held = f"line IS NOT NULL AND line <> {self.sql.carriage}"
        return f"({held} AND NOT {self.sql.starts_with('line', self.comment)})" if self.comment else f"({held})"

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
        if self.is_blank_separated:
            return self.sql.extract_all(text, f"(?s)({self._blank_separated_field()})")
        before = f"{self.sql.literal(self.delimiter)} || {text}"
        return (
            f"CASE WHEN {self.needs_parsing(text)} THEN {self.sql.extract_all(before, self._field_pattern())} "
            f"ELSE {self.sql.split(text, self.delimiter)} END"
        )

    def opens_quote(self, text: str) -> str:
        """Condition on a text with an odd quote: whole fields, then one that begins with the quote and goes on behind it."""
        if self.is_blank_separated:
            return "false"
        quoted, plain = self._open_field(), self._plain_field()
        edge, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        dangling = f"{re.escape(self.escape)}?" if self.has_escape else ""
        closed = f"(?:(?:{quoted}{edge}|{plain}){delimiter})*{self.sql.possessive}"
        return self.sql.full_match(text, f"(?s){closed}{quoted}{dangling}")

    def _blank_separated_field(self) -> str:
        """A field in quotes, or what stands between blanks."""
        if not self.quote:
            return "[^ \t]+"
        edge, other = re.escape(self.quote), class_member(self.quote)
        return f"{edge}[^{other}]*{edge}|[^ \t{other}][^ \t]*"

    def _field_pattern(self) -> str:
        quoted = f"{self._open_field()}{re.escape(self.quote)}|" if self.quote else ""
        return f"(?s){re.escape(self.delimiter)}({quoted}{self._plain_field()})"

    def _open_field(self) -> str:
        """A quoted field up to its closing quote."""
        edge = re.escape(self.quote)
        pair = f"{re.escape(self.escape)}." if self.has_escape else edge * 2
        return f"{edge}(?:[^{class_member(self.quote)}{self._escape_in_class()}]|{pair})*{self.sql.possessive}"

    def _plain_field(self) -> str:
        """A field without quotes around it, or nothing."""
        inner = f"[^{class_member(self.delimiter)}{class_member(self.newline[-1])}{self._escape_in_class()}"
        pair = f"|{re.escape(self.escape)}." if self.has_escape else ""
        return f"(?:{inner}{class_member(self.quote)}]{pair})(?:{inner}]{pair})*{self.sql.possessive}|"

    def _escape_in_class(self) -> str:
        return class_member(self.escape) if self.has_escape else ""

    def has_text_outside_fields(self, text: str, fields: str) -> str:
        """Condition: the fields are not the whole text: a quote is not closed, or something stands after a closing one."""
        if self.is_blank_separated:
            field = f"(?:{self._blank_separated_field()})"
            whole = self.sql.full_match(text, f"(?s)[ \t]*(?:{field}[ \t]+)*(?:{field})?")
            return f"({self.needs_parsing(text)} AND NOT {whole})"
        return f"CASE WHEN {self.needs_parsing(text)} THEN {self.sql.join_list(fields, self.delimiter)} <> {text} ELSE false END"

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
        signs = "".join(class_member(sign) for sign in (self.quote, self.escape, self.delimiter))
        return self.sql.replace_by_group(text, f"{re.escape(self.escape)}([{signs}])")


def has_quote_across_fields(dialect: CsvRecordSql, text: str, fields: str) -> str:
    """Condition: quotes inside two fields may have been meant to hold what stands between them, its delimiter with it.

    A mark of inches or seconds behind a digit (`1/2"`, `2" pipe`) is no such quote.
    """
    if not dialect.quote or dialect.is_blank_separated:
        return "false"
    sql, quote, other = dialect.sql, re.escape(dialect.quote), f"[^{class_member(dialect.quote)}]"
    odd = sql.full_match("x", f"(?s){other}+{quote}(?:{other}*{quote}{other}*{quote})*{other}*")
    word = f"(?s){other}*(?:{_NOT_A_DIGIT}{quote}|{quote}{_WORD}).*"
    held = sql.count_items(fields, odd)
    doubtful = sql.count_items(fields, f"{odd} AND {sql.full_match('x', word)}")
    edge = f"[^{class_member(dialect.delimiter)}{class_member(dialect.quote)}]"
    inside = f"{dialect.needs_parsing(text)} AND {sql.full_match(text, f'(?s).*{edge}{quote}{edge}.*')}"
    return f"CASE WHEN {inside} THEN {held} > 1 AND {doubtful} > 0 ELSE false END"


def reject_reason(dialect: CsvRecordSql, width: int, least: int, *, undecoded: bool) -> str:
    """Text: why `text`, cut into fields `f`, is no record of `least` to `width` fields; NULL where it is one.

    Empty fields beyond the last are nothing: delimiters that end a line.
    """
    marked = dialect.sql.has_marks("text") if undecoded else "false"
    count = dialect.sql.list_length("f")
    beyond = f"{count} - {width}"
    empty = f"right(text, {beyond}) = repeat({dialect.sql.literal(dialect.delimiter)}, {beyond})"
    return (
        f"CASE WHEN {marked} THEN 'reject_encoding' "
        f"WHEN {dialect.has_text_outside_fields('text', 'f')} THEN "
        f"CASE WHEN {dialect.has_odd_quotes('text')} THEN 'reject_stray_quote' ELSE 'reject_text_after_quote' END "
        f"WHEN {count} < {least} THEN 'reject_too_few_fields' "
        f"WHEN {has_quote_across_fields(dialect, 'text', 'f')} THEN 'reject_quote_across_fields' "
        f"WHEN {count} > {width} THEN CASE WHEN NOT ({empty}) THEN 'reject_too_many_fields' END END"
    )


def reject_detail(sql: TextSqlDialect, width: int) -> str:
    """Text: the expected and found number of fields, if `reason` is about it."""
    found = f"'expected {width} fields, found ' || {sql.list_length('f')}"
    return f"CASE WHEN reason IN ('reject_too_few_fields', 'reject_too_many_fields') THEN {found} END"


def class_member(sign: str) -> str:
    """A character as it stands in `[]` of a regular expression; nothing for none."""
    return re.sub(r"([\\\]\[^-])", r"\\\1", sign)
