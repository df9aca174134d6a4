"""The record format of a batch: the only part of a source that reading and judging use."""

from dataclasses import dataclass
from enum import StrEnum

from lakeward.contracts.payload import PayloadFormat

# The delimiter of columns that blanks and tabs set apart.
WHITESPACE = "whitespace"


class FileFormat(StrEnum):
    """File formats that engines read."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"
    MESSAGES = "messages"  # landed segments of messages, whose payloads have a format of their own


# What a drop folder can hold.
DELIVERED_FORMATS = (FileFormat.CSV, FileFormat.JSONL, FileFormat.PARQUET, FileFormat.XLSX)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat:
    """The format of a dataset's files, and how to read and interpret their text.

    Args:
        delimiter: One character, or `WHITESPACE`: any run of blanks and tabs.
        escape: The character that escapes a quote: the quote itself, or a backslash.
        encoding: Python codec name, lower case (`utf-8`, `gb18030`, `utf-16`, …).
        nulls: Texts that mean "no value".
        decimal: Decimal separator of numbers in text.
        thousands: Character between groups of three digits in text; empty: none.
        zone: IANA zone of naive times; None if naive times are quarantined.
        sheet: Sheet of a workbook; None for the only sheet with data.
        header_row, header_rows: The first line or row of the header, from 1, and how many it has; 0: the first that holds something.
        skip_rows: Lines at the beginning of delimited text that are not read.
        skip_after_header: Lines between header and first record that are not read.
        names: Column names in place of a header; with `header_row` that line is passed over.
        comment: Lines of delimited text that begin with it are no records; empty: none.
        footer: The last so many lines are no records; or the text with which the first of these begins. 0: no footer.
        null_padding: A record with fewer fields than the header has no value in the last columns.
        number_duplicates: A name that comes again gets a number: `Temp`, `Temp_2`.
        sheet_limit_bytes: Maximum unpacked bytes of a sheet.
        payload: Format of the payloads of messages; None for files.
        columns_found: Minimum share of the contract's columns in a file, 0 to 1; a file with less is rejected.
    """

    format: FileFormat
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)
    decimal: str = "."
    thousands: str = ""
    zone: str | None = None
    sheet: str | None = None
    header_row: int = 0
    header_rows: int = 1
    skip_rows: int = 0
    skip_after_header: int = 0
    names: tuple[str, ...] = ()
    comment: str = ""
    footer: int | str = 0
    null_padding: bool = False
    number_duplicates: bool = False
    sheet_limit_bytes: int = 4 << 30
    payload: PayloadFormat | None = None
    columns_found: float = 0.0


# The format of computed rows: values have their types already.
TYPED_ROWS = RecordFormat(format=FileFormat.PARQUET, nulls=())
