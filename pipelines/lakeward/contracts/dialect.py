"""Reads the keys of a contract that describe the record format of a source's files."""

from collections.abc import Mapping
from typing import Any

from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

KEYS: Mapping[str, KeyDoc] = {
    "format": KeyDoc(", ".join(f"`{form}`" for form in FileFormat), "Format of the files.", required=True),
    "delimiter": KeyDoc("character", "CSV: what stands between two fields; `\\t` in quotes is a tab.", "`,`"),
    "quote": KeyDoc("character", "CSV: what a field with a delimiter or a line end stands in.", '`"`'),
    "escape": KeyDoc("character", "CSV: what escapes a quote: the quote itself, or a backslash.", '`"`'),
    "encoding": KeyDoc("codec", "Codec of text, as Python calls it: `utf-8`, `gb18030`, `gbk`, `utf-16`.", "`utf-8`"),
    "nulls": KeyDoc("list of texts", "Texts that mean that there is no value.", '`[""]`'),
    "decimal": KeyDoc("`.` or `,`", "Decimal separator of numbers in text.", "`.`"),
    "timezone": KeyDoc("IANA zone", "Zone of times without an offset.", "none: a row with such a time is quarantined"),
    "sheet": KeyDoc("text", "Excel: the sheet.", "the only one with something in it"),
    "headerRow": KeyDoc("whole number", "Excel: first row of the header, from 1.", "1"),
    "headerRows": KeyDoc("whole number", "Excel: rows of the header; their texts are joined.", "1"),
}


def read_record_format(view: View, sheet_limit_bytes: int) -> RecordFormat:
    """The record format in a mapping, which can have other keys."""
    record_format = RecordFormat(
        format=view.choice("format", tuple(FileFormat)),
        delimiter=_character(view, "delimiter", ","),
        quote=_character(view, "quote", '"'),
        escape=_character(view, "escape", '"'),
        encoding=view.entry("encoding", "a text codec of Python such as utf-8 or gb18030", _codec, "utf-8") or "",
        nulls=view.texts("nulls", ("",)),
        decimal=_character(view, "decimal", ".", ".,"),
        zone=view.zone("timezone", "") or None,
        sheet=view.text("sheet", "") or None,
        header_row=view.positive_integer("headerRow", 1),
        header_rows=view.positive_integer("headerRows", 1),
        sheet_limit_bytes=sheet_limit_bytes,
    )
    _check_distinct_characters(view, record_format)
    return record_format


def _character(view: View, key: str, default: str, allowed: str = "") -> str:
    expected = " or ".join(allowed) or "one character, no letter, digit or line end"

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
    for key in ("quote", "decimal"):
        if record_format.format is FileFormat.CSV and getattr(record_format, key) == record_format.delimiter:
            view.fail(key, "contract_same_character", key=key)
    if record_format.escape not in {record_format.quote, "\\"}:
        view.fail_value("escape", "the quote itself, or a backslash")
