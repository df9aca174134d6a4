"""The first look at a file: its format, dialect and header, before any value is understood."""

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
from lakeward.profiling.sheets import look_at_sheet, readable_workbook
from lakeward.sources.sniff import fault, guess_dialect, guess_encoding, guess_format

# Some hundreds of records of any width.
HEAD = 1 << 18
# A name that no file gives a column: to ask for it makes the engine report all the file's own as unknown.
_NO_COLUMN = Column("no_column", DataType(Kind.STRING), "\x00")


@dataclass(frozen=True, slots=True)
class Look:
    """What the first look showed.

    Args:
        record_format: What it seems to be written in.
        agreeing, sampled: As in `Profile`.
        percent: Names of columns that a workbook shows as percentages.
    """

    input: BatchInput
    record_format: RecordFormat
    _: KW_ONLY
    agreeing: int = 0
    sampled: int = 0
    percent: frozenset[str] = frozenset()


def first_look(path: Path, sheet: str | None = None) -> Look:
    """The file as an input, with the dialect it seems to be written in.

    Args:
        sheet: Of a workbook; None: the only one with something in it.

    Raises:
        UsageError: It is empty, of a format that can't be read, or its first record names no columns.
    """
    if not path.stat().st_size:
        raise UsageError("sample_empty", file=path)
    format_ = guess_format(path)
    broken = fault(path, format_)
    if format_ is FileFormat.XLSX:
        readable_workbook(path, broken)
    elif sheet is not None:
        raise UsageError("sample_no_sheets", file=path)
    if broken:
        raise UsageError("sample_not_readable", file=path, found=broken)
    with path.open("rb") as file:
        identity = Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    input_ = BatchInput(seq=1, name=path.name, path=path, sha256=identity, size=path.stat().st_size, format=format_)
    record_format = RecordFormat(format=format_)
    if format_ is FileFormat.XLSX:
        found, percent = look_at_sheet(path, record_format, sheet)
        return Look(input_, found, percent=percent)
    return Look(input_, record_format) if format_ is FileFormat.PARQUET else _text_look(input_)


def header(engine: Engine, look: Look) -> tuple[str, ...]:
    """The file's own column names, as the engine reads them.

    Raises:
        UsageError: The engine finds no columns.
    """
    report = engine.stage((look.input,), look.record_format, (_NO_COLUMN,)).reports[0]
    if not report.unknown:
        raise UsageError("sample_without_columns", file=look.input.path)
    if look.record_format.format is not FileFormat.JSONL:
        return report.unknown
    first = list(_first_object(_head(look.input.path, look.record_format.encoding)))
    return tuple(sorted(report.unknown, key=lambda name: first.index(name) if name in first else len(first)))


def _text_look(input_: BatchInput) -> Look:
    encoding = guess_encoding(input_.path)
    if input_.format is FileFormat.JSONL:
        return Look(input_, RecordFormat(format=FileFormat.JSONL, encoding=encoding))
    found = guess_dialect(_head(input_.path, encoding))
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
    return Look(input_, dialect, agreeing=found.agreeing, sampled=found.records)


def _head(path: Path, encoding: str) -> str:
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
