"""Reads the keys of a contract that describe the record format of a source's files."""

from collections.abc import Mapping
from typing import Any

from lakeward.contracts.record_format import DELIVERED_FORMATS, WHITESPACE, FileFormat, RecordFormat
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

KEYS: Mapping[str, KeyDoc] = {
    "format": KeyDoc(", ".join(f"`{form}`" for form in DELIVERED_FORMATS), "Format of the files.", required=True),
    "delimiter": KeyDoc(
        "character or `whitespace`",
        "CSV: what stands between two fields; `\\t` in quotes is a tab, `whitespace` any run of blanks and tabs.",
        "`,`",
    ),
    "quote": KeyDoc("character", "CSV: what a field with a delimiter or a line end stands in.", '`"`'),
    "escape": KeyDoc("character", "CSV: what escapes a quote: the quote itself, or a backslash.", '`"`'),
    "encoding": KeyDoc("codec", "Codec of text, as Python calls it: `utf-8`, `gb18030`, `gbk`, `utf-16`.", "`utf-8`"),
    "nulls": KeyDoc(
        "list of texts",
        "Texts that mean that there is no value; one that is a number is compared by value in columns of numbers, so that `-999` is `-999.0` too.",
        '`[""]`',
    ),
    "decimal": KeyDoc(
        "`.` or `,`",
        "Decimal separator of numbers in text; it may be the delimiter too, where numbers with a fraction stand in quotes.",
        "`.`",
    ),
    "thousands": KeyDoc(
        "character",
        "Character between groups of three digits of numbers in text, behind a first group of one to three digits without a leading zero: with `.`, `0.123` is no number.",
        "none",
    ),
    "timezone": KeyDoc("IANA zone", "Zone of times without an offset.", "none: a row with such a time is quarantined"),
    "sheet": KeyDoc("text", "Excel: the sheet.", "the only one with something in it"),
    "headerRow": KeyDoc(
        "whole number",
        "CSV and Excel: line of the header, from 1; what is above it is not read. A comment mark before it is passed over.",
        "the first line that holds something and is no comment; Excel: 1",
    ),
    "headerRows": KeyDoc("whole number", "CSV and Excel: lines of the header; their texts are joined with `_`.", "1"),
    "skipRows": KeyDoc("whole number", "CSV: lines at the beginning of the file that are not read.", "0"),
    "skipAfterHeader": KeyDoc("whole number", "CSV: lines below the header that are no records, such as units.", "0"),
    "names": KeyDoc(
        "list of texts",
        "CSV: names of the columns of a file without a header; with `headerRow`, they stand for that line.",
        "none",
    ),
    "comment": KeyDoc("text", "CSV: a line that begins with it is no record.", "none"),
    "footer": KeyDoc(
        "whole number or text",
        "CSV and Excel: the last so many lines are no records; or those from the last one whose first field is the text, "
        "or begins with it and a blank, if no more than 20 follow it. A run says how many it leaves out.",
        "none",
    ),
    "nullPadding": KeyDoc(
        "true or false", "CSV: a record with fewer fields than the header has no value in its last columns.", "`false`: a reject"
    ),
    "numberDuplicates": KeyDoc(
        "true or false", "CSV: a name that comes again gets a number, `Temp` and `Temp_2`.", "`false`: the file is a reject"
    ),
}
# Lines above the records that a first look reads.
MAX_HEAD_LINES = 1000
# The most lines that a footer has by their number, and that follow the one with its text.
FOOTER_LINES, LINES_BELOW_FOOTER = 50, 20
# Formats in which a key has a meaning, where it has none in the others.
_FORMATS = {
    "headerRow": (FileFormat.CSV, FileFormat.XLSX),
    "headerRows": (FileFormat.CSV, FileFormat.XLSX),
    "footer": (FileFormat.CSV, FileFormat.XLSX),
    **dict.fromkeys(("skipRows", "skipAfterHeader", "comment", "nullPadding", "numberDuplicates"), (FileFormat.CSV,)),
    "names": (FileFormat.CSV, FileFormat.MESSAGES),
    "sheet": (FileFormat.XLSX,),
    "thousands": (FileFormat.CSV, FileFormat.JSONL, FileFormat.XLSX, FileFormat.MESSAGES),
}


def read_record_format(view: View, sheet_limit_bytes: int, form: FileFormat | None = None) -> RecordFormat:
    """The record format in a mapping, which can have other keys.

    Args:
        form: The format, where the mapping has no key for it.
    """
    record_format = RecordFormat(
        format=form or view.choice("format", DELIVERED_FORMATS),
        delimiter=WHITESPACE if view.values.get("delimiter") == WHITESPACE else _character(view, "delimiter", ","),
        quote=_character(view, "quote", '"'),
        escape=_character(view, "escape", '"'),
        encoding=view.entry("encoding", Phrase("phrase_codec"), _codec, "utf-8") or "",
        nulls=view.texts("nulls", ("",)),
        decimal=_character(view, "decimal", ".", ".,"),
        thousands=_thousands(view),
        zone=view.zone("timezone", "") or None,
        sheet=view.text("sheet", "") or None,
        header_row=_head_lines(view, "headerRow"),
        header_rows=_head_lines(view, "headerRows") or 1,
        skip_rows=_head_lines(view, "skipRows"),
        skip_after_header=_head_lines(view, "skipAfterHeader"),
        names=view.texts("names"),
        comment=view.text("comment", "") if "comment" in view.values else "",
        footer=_footer(view),
        null_padding=view.flag("nullPadding"),
        number_duplicates=view.flag("numberDuplicates"),
        sheet_limit_bytes=sheet_limit_bytes,
    )
    _check_distinct_characters(view, record_format)
    _check_head(view, record_format)
    return record_format


def _check_head(view: View, record_format: RecordFormat) -> None:
    """That every key says something of files of this format, and none contradicts another."""
    for key, formats in _FORMATS.items():
        if view.values.get(key) is not None and record_format.format not in formats:
            view.fail(key, "contract_key_of_other_format", key=key, found=record_format.format, expected=", ".join(formats))
    names = record_format.names
    if len({name.strip() for name in names}) < len(names) or not all(name.strip() for name in names):
        view.fail_value("names", Phrase("phrase_header_names"))
    if 0 < record_format.header_row <= record_format.skip_rows:
        view.fail_value("headerRow", Phrase("phrase_line_below", count=record_format.skip_rows))
    if names and record_format.header_rows > 1 and not record_format.header_row:
        view.fail_value("headerRows", Phrase("phrase_header_row_beside"))


def _head_lines(view: View, key: str) -> int:
    expected = Phrase("phrase_whole_up_to", most=MAX_HEAD_LINES)
    least = 1 if key.startswith("headerRow") else 0
    return view.entry(key, expected, lambda v: v if type(v) is int and least <= v <= MAX_HEAD_LINES else None, 0) or 0


def _footer(view: View) -> int | str:
    def read(value: Any) -> int | str | None:
        if isinstance(value, str):
            return value or None
        return value if type(value) is int and 0 <= value <= FOOTER_LINES else None

    return view.entry("footer", Phrase("phrase_footer", most=FOOTER_LINES), read, 0) or 0


def _thousands(view: View) -> str:
    expected = Phrase("phrase_thousands")

    def read_separator(v: Any) -> str | None:
        return (
            v
            if isinstance(v, str) and len(v) == 1 and not v.isalnum() and v not in "+-" + str(view.values.get("decimal", "."))
            else None
        )

    return (view.entry("thousands", expected, read_separator, None) or "") if view.values.get("thousands") is not None else ""


def _character(view: View, key: str, default: str, allowed: str = "") -> str:
    expected = Phrase("phrase_either", first=allowed[0], second=allowed[1]) if allowed else Phrase("phrase_separator")

    def read(value: Any) -> str | None:
        is_single = isinstance(value, str) and len(value) == 1
        return value if is_single and (value in allowed if allowed else not value.isalnum() and value not in "\r\n\0") else None

    return view.entry(key, expected, read, default) or default


def _codec(name: Any) -> str | None:
    """The codec named in the contract, if it decodes bytes to text."""
    try:
        "a".encode(name)
    except (LookupError, TypeError, ValueError):
        return None
    return str(name).lower()


def _check_distinct_characters(view: View, record_format: RecordFormat) -> None:
    if record_format.format is FileFormat.CSV and record_format.quote == record_format.delimiter:
        view.fail("quote", "contract_same_character", key="quote")
    if record_format.escape not in {record_format.quote, "\\"}:
        view.fail_value("escape", Phrase("phrase_escape"))
