"""The record format of a batch: the only part of a source that reading and judging use."""

from dataclasses import dataclass
from enum import StrEnum


class FileFormat(StrEnum):
    """File formats that engines read."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat:
    """The format of a dataset's files, and how to read and interpret their text.

    Args:
        escape: The character that escapes a quote: the quote itself, or a backslash.
        encoding: Python codec name, lower case (`utf-8`, `gb18030`, `utf-16`, …).
        nulls: Texts that mean "no value".
        decimal: Decimal separator of numbers in text.
        zone: IANA zone of naive times; None if naive times are quarantined.
        sheet: Sheet of a workbook; None for the only sheet with data.
        header_row, header_rows: First row of a sheet's header, from 1, and its number of rows.
        sheet_limit_bytes: Maximum unpacked bytes of a sheet.
        columns_found: Minimum share of the contract's columns in a file, 0 to 1; a file with less is rejected.
    """

    format: FileFormat
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)
    decimal: str = "."
    zone: str | None = None
    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1
    sheet_limit_bytes: int = 4 << 30
    columns_found: float = 0.0


# The format of computed rows: values have their types already.
TYPED_ROWS = RecordFormat(format=FileFormat.PARQUET, nulls=())
