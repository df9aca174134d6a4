"""Probes a file: format, dialect and header, before values are parsed."""

import codecs
import hashlib
import json
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.errors import UsageError
from lakeward.core.names import Sha256
from lakeward.engines.protocols import Engine
from lakeward.profiling.sheets import check_workbook, probe_sheet
from lakeward.sources.sniff import format_fault, guess_dialect, guess_encoding, guess_format

# Some hundreds of records of any width.
HEAD = 1 << 18
# A column name that no file has: requesting it makes the engine report all columns of the file as unknown.
_NO_COLUMN = Column("no_column", DataType(Kind.STRING), "\x00")


@dataclass(frozen=True, slots=True)
class FileProbe:
    """The result of probing a file.

    Args:
        record_format: Its likely format.
        agreeing_records, sampled_records: As in `Profile`.
        percent_columns: Names of columns that a workbook formats as percentages.
    """

    input: BatchInput
    record_format: RecordFormat
    _: KW_ONLY
    agreeing_records: int = 0
    sampled_records: int = 0
    percent_columns: frozenset[str] = frozenset()


def probe_file(path: Path, sheet: str | None = None) -> FileProbe:
    """The file as an input, with its likely dialect.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        UsageError: It is empty, of a format that can't be read, or its first record names no columns.
    """
    if not path.stat().st_size:
        raise UsageError("sample_empty", file=path)
    format_ = guess_format(path)
    broken = format_fault(path, format_)
    if format_ is FileFormat.XLSX:
        check_workbook(path, broken)
    elif sheet is not None:
        raise UsageError("sample_no_sheets", file=path)
    if broken:
        raise UsageError("sample_not_readable", file=path, found=broken)
    with path.open("rb") as file:
        identity = Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    input_ = BatchInput(seq=1, name=path.name, path=path, sha256=identity, size=path.stat().st_size, format=format_)
    record_format = RecordFormat(format=format_)
    if format_ is FileFormat.XLSX:
        found, percent = probe_sheet(path, record_format, sheet)
        return FileProbe(input_, found, percent_columns=percent)
    return FileProbe(input_, record_format) if format_ is FileFormat.PARQUET else _probe_text(input_)


def read_header(engine: Engine, probe: FileProbe) -> tuple[str, ...]:
    """The file's own column names, as the engine reads them.

    Raises:
        UsageError: The engine finds no columns.
    """
    report = engine.stage((probe.input,), probe.record_format, (_NO_COLUMN,)).reports[0]
    if not report.unknown:
        raise UsageError("sample_without_columns", file=probe.input.path)
    if probe.record_format.format is not FileFormat.JSONL:
        return report.unknown
    first = list(_first_object(read_head(probe.input.path, probe.record_format.encoding)))
    return tuple(sorted(report.unknown, key=lambda name: first.index(name) if name in first else len(first)))


def _probe_text(input_: BatchInput) -> FileProbe:
    encoding = guess_encoding(input_.path)
    if input_.format is FileFormat.JSONL:
        return FileProbe(input_, RecordFormat(format=FileFormat.JSONL, encoding=encoding))
    found = guess_dialect(read_head(input_.path, encoding))
    if not found.header:
        raise UsageError("sample_without_header", file=input_.path)
    dialect = RecordFormat(
        format=FileFormat.CSV,
        delimiter=found.delimiter,
        quote=found.quote,
        escape=found.escape,
        encoding=encoding,
        decimal=found.decimal,
    )
    return FileProbe(input_, dialect, agreeing_records=found.agreeing, sampled_records=found.records)


def read_head(path: Path, encoding: str) -> str:
    """The beginning of a text file, in whole lines."""
    with path.open("rb") as file:
        start = file.read(HEAD)
        whole = not file.read(1)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(start, final=whole).lstrip("\ufeff")
    return text if whole else text[: text.rfind("\n") + 1] or text


def _first_object(text: str) -> dict[str, object]:
    line = next(line for line in text.splitlines() if line.strip())
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
