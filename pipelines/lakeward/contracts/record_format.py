"""How the records of a batch look: all that reading and judging know of where a batch comes from."""

from dataclasses import dataclass
from enum import StrEnum


class FileFormat(StrEnum):
    """The formats of files that engines read."""

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
        zone: IANA zone of naive times; None: a naive time is quarantined.
        sheet: Of a workbook; None: the only one with something in it.
        header_row, header_rows: The first row of a sheet's header, from 1, and how many rows it has.
        sheet_limit_bytes: The most bytes that a sheet may have, unpacked.
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


# Rows that a model computed: every value has its type already.
TYPED_ROWS = RecordFormat(format=FileFormat.PARQUET, nulls=())
