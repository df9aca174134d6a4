"""Describes files with too few of the contract's columns: their header, and how they seem to be written.

A header may be a record of data. It is shown only if it is the line that a look at the file takes for its header, and if records
below that hold numbers or times and it does not.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.column_match import holds_values
from lakeward.contracts.model import Contract
from lakeward.contracts.record_format import WHITESPACE, FileFormat, RecordFormat
from lakeward.core.workbook import UnreadableError
from lakeward.sources.sniff import CsvDialect, guess_dialect, guess_encoding, guess_sheet

# Names in one message, and letters of one: messages stay short.
MAX_NAMES, MAX_LETTERS = 12, 40
# Records that are looked at for the kind of their fields.
RECORDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherColumns:
    """What is known of such a file.

    Args:
        expected: Names that the contract knows.
        found: Names of the header; None: it may be a record.
        written: Keys of the contract's `source` that the file seems to keep to otherwise, with what it has.
        declared: The same keys, with what the contract has.
    """

    expected: str
    found: str | None
    written: str = ""
    declared: str = ""

    @property
    def detail(self) -> str:
        """What the reject says; never a value."""
        seems = f"; the file seems to have {self.written}, the contract has {self.declared}" if self.written else ""
        return f"expected: {self.expected}; found: {self.found or 'not shown, the first record may be data'}{seems}"


def describe_other_columns(contract: Contract, file: BatchInput, report: FileReport) -> OtherColumns:
    """Look at the beginning of a file whose report has the names of its columns."""
    expected = shorten_names([column.source_name for column in contract.columns])
    if file.format is FileFormat.CSV:
        return _describe_text(contract.record_format, file.path, expected, report.names)
    if file.format is FileFormat.XLSX:
        return _describe_sheet(contract.record_format, file.path, expected, report.names)
    return OtherColumns(expected=expected, found=shorten_names(report.names))


def shorten_names(names: Sequence[str]) -> str:
    """The first names, each in its first letters."""
    shown = [name if len(name) <= MAX_LETTERS else f"{name[:MAX_LETTERS]}…" for name in names[:MAX_NAMES]]
    return ", ".join([*shown, *(["…"] if len(names) > MAX_NAMES else [])])


def _describe_text(record_format: RecordFormat, path: Path, expected: str, names: Sequence[str]) -> OtherColumns:
    from lakeward.profiling.probe import read_head  # noqa: PLC0415 -- 0.1 s of a run, which only files with other columns need

    encoding = guess_encoding(path)
    head = read_head(path, encoding)
    dialect = guess_dialect(head)
    records = _parse(head, dialect)
    found = {"delimiter": dialect.delimiter, "encoding": encoding, "decimal": dialect.decimal}
    # A file of one column shows no delimiter; numbers without a fraction no decimal separator; ASCII is every encoding.
    unclear = {"delimiter": dialect.agreeing < 1 or max(map(len, records), default=0) < 2, "encoding": head.isascii()}
    unclear["decimal"] = not any(dialect.decimal in field for record in records[1:] for field in record if holds_values([field]))
    differing = [key for key, value in found.items() if not unclear[key] and _plain(value) != _plain(getattr(record_format, key))]
    written, declared = ({key: repr(value[key]) for key in differing} for value in (found, asdict(record_format)))
    if dialect.header_row and dialect.header_row != (record_format.header_row or record_format.skip_rows + 1):
        written["headerRow"], declared["headerRow"] = str(dialect.header_row), str(record_format.header_row or 1)
    return OtherColumns(
        expected=expected,
        found=shorten_names(names) if _is_header(names, dialect, records) and _differs_in_kind(records) else None,
        written=", ".join(f"{key}: {value}" for key, value in written.items()),
        declared=", ".join(f"{key}: {value}" for key, value in declared.items()),
    )


def _describe_sheet(record_format: RecordFormat, path: Path, expected: str, names: Sequence[str]) -> OtherColumns:
    found = None
    try:
        guess = guess_sheet(path, record_format.sheet_limit_bytes, record_format.sheet)
    except UnreadableError:
        return OtherColumns(expected=expected, found=found)
    if not guess.header_rows:
        return OtherColumns(expected=expected, found=found)
    if guess.header_row == (record_format.header_row or 1):
        is_header = guess.has_values_below and not holds_values(names)
        return OtherColumns(expected=expected, found=shorten_names(names) if is_header else None)
    declared = f"headerRow: {record_format.header_row or 1}"
    return OtherColumns(expected=expected, found=found, written=f"headerRow: {guess.header_row}", declared=declared)


def _parse(head: str, dialect: CsvDialect) -> list[list[str]]:
    lines = (line for line in head.splitlines() if line.strip())
    doubled = dialect.escape == dialect.quote
    escape = None if doubled else dialect.escape
    delimiter = " " if dialect.delimiter == WHITESPACE else dialect.delimiter
    reader = csv.reader(lines, delimiter=delimiter, quotechar=dialect.quote, doublequote=doubled, escapechar=escape)
    try:
        return list(islice(reader, RECORDS))
    except csv.Error:
        return []


def _is_header(names: Sequence[str], dialect: CsvDialect, records: Sequence[Sequence[str]]) -> bool:
    """Whether the names are of the line that is likely the header, as far as letters and digits tell whatever sets them apart.

    Below a line of as many fields they may be a record of texts.
    """
    own = _signs([name for name in names if not name.startswith("_unnamed_")])
    place = next((at for at, record in enumerate(records) if _signs(record) == own), dialect.header_row)
    is_first = all(len(record) < len(dialect.names) for record in records[:place])
    return dialect.has_header and is_first and not holds_values(names) and _signs(dialect.names) == own


def _signs(names: Sequence[str]) -> str:
    return "".join(sign for sign in "".join(names) if sign.isalnum())


def _differs_in_kind(records: Sequence[Sequence[str]]) -> bool:
    """Whether some record has a number, a date or a time, and the first one has none."""
    first, *others = records or [[]]
    return bool(first) and not holds_values(first) and any(holds_values([field]) for record in others for field in record)


def _plain(value: str) -> str:
    return "utf-8" if value.lower().replace("_", "-") in ("utf8", "utf-8-sig", "utf-8") else value.lower()
