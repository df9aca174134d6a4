"""Detects format, encoding and dialect of a file from its bytes, for drafts of `lakeward new` and for error messages."""

from lakeward.sources.sniff.dialect import CsvDialect, guess_dialect
from lakeward.sources.sniff.encoding import guess_encoding
from lakeward.sources.sniff.excel import SheetGuess, guess_sheet, sheet_names
from lakeward.sources.sniff.magic import format_fault, guess_format
from lakeward.sources.sniff.numbers import decimal_signs, is_decimal_known

__all__ = [
    "CsvDialect",
    "SheetGuess",
    "decimal_signs",
    "format_fault",
    "guess_dialect",
    "guess_encoding",
    "guess_format",
    "guess_sheet",
    "is_decimal_known",
    "sheet_names",
]
