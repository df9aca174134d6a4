"""Probes a file: format, dialect and header, before values are parsed."""

import codecs
import hashlib
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

from lakeward.contracts.batch import MAX_UNKNOWN_KEYS, BatchInput, FileReport
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.errors import UsageError
from lakeward.core.names import Sha256
from lakeward.engines.external import Staged
from lakeward.engines.protocols import Engine
from lakeward.profiling.json_faults import json_fault
from lakeward.profiling.json_shape import find_shape
from lakeward.profiling.sheets import check_workbook, probe_sheet
from lakeward.sources.sniff import CsvDialect, format_fault, guess_dialect, guess_encoding, guess_format

# Some hundreds of records of any width, and the end of a file.
HEAD, TAIL = 1 << 18, 1 << 14
_MARKUP = re.compile(r"\s*<(\?xml|!doctype|html|[A-Za-z]+[\s>/])", re.IGNORECASE)
# A name that no file gives a column: to ask for it makes the engine report all the file's own as unknown.
_NO_COLUMN = Column("no_column", DataType(Kind.STRING), "\x00no column of a file\x00")
# Why a file that is neither text nor anything else is not what its ending says.
_NAMED_OTHERWISE = {
    **dict.fromkeys((".parquet", ".pq"), "file_named_parquet"),
    **dict.fromkeys((".xlsx", ".xls"), "file_named_workbook"),
}
# Rejects that say why a whole file has no columns, and the message of each.
_REFUSED = {"reject_unreadable_type": ("sample_type_unreadable", "found"), "reject_column_nul": ("data_column_nul", "column")}


@dataclass(frozen=True, slots=True)
class FileProbe:
    """The result of probing a file.

    Args:
        record_format: Its likely format.
        agreeing_records, sampled_records: As in `Profile`.
        percent_columns: Names of columns that a workbook formats as percentages.
        nanoseconds: Names of columns of instants in nanoseconds, of which microseconds are read.
        units: Columns, from 0, with the UCUM codes that a line below the header tells.
    """

    input: BatchInput
    record_format: RecordFormat
    _: KW_ONLY
    agreeing_records: int = 0
    sampled_records: int = 0
    percent_columns: frozenset[str] = frozenset()
    units: tuple[tuple[int, str], ...] = ()
    nanoseconds: frozenset[str] = frozenset()


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
        raise UsageError("sample_not_readable", file=path, found=_sample_fault(path, broken))
    with path.open("rb") as file:
        identity = Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    input_ = BatchInput(seq=1, name=path.name, path=path, sha256=identity, size=path.stat().st_size, format=format_)
    record_format = RecordFormat(format=format_)
    if format_ is FileFormat.XLSX:
        found, percent = probe_sheet(path, record_format, sheet)
        return FileProbe(input_, found, percent_columns=percent)
    return FileProbe(input_, record_format) if format_ is FileFormat.PARQUET else _probe_text(input_)


def _sample_fault(path: Path, broken: str) -> str:
    """Why a sample is no file that can be read: without a contract, its name alone says what it should be."""
    return _NAMED_OTHERWISE.get(path.suffix.lower(), "file_no_known_format") if broken == "file_not_text" else broken


def read_header(engine: Engine, probe: FileProbe) -> tuple[tuple[str, ...], FileProbe]:
    """The file's own column names, as the engine reads them; and the probe with what the engine says of their types.

    Raises:
        UsageError: The engine finds no columns, or some of a type that can't be read.
    """
    staged = engine.stage((probe.input,), probe.record_format, (_NO_COLUMN,))
    report = staged.reports[0]
    if not report.unknown:
        _refuse_types(engine, staged, probe)
        if probe.record_format.format is FileFormat.JSONL and report.records:
            raise json_fault(probe.input.path, probe.record_format.encoding)
        raise UsageError("sample_without_columns", file=probe.input.path)
    _refuse_many_keys(probe.input, report)
    if probe.record_format.format is not FileFormat.JSONL:
        return report.unknown, replace(probe, nanoseconds=frozenset(report.nanoseconds))
    first = list(_first_object(read_head(probe.input.path, probe.record_format.encoding)))
    return tuple(sorted(report.unknown, key=lambda name: first.index(name) if name in first else len(first))), probe


def read_headers(engine: Engine, probe: FileProbe, inputs: Sequence[BatchInput]) -> dict[str, tuple[str, ...]]:
    """Of several files in the form of the first: each one's own column names, by the file's.

    Raises:
        UsageError: One of JSON has more keys than a report.
    """
    reports = engine.stage(tuple(inputs), probe.record_format, (_NO_COLUMN,)).reports
    for input_, report in zip(inputs, reports, strict=True):
        _refuse_many_keys(input_, report)
    return {report.name: report.unknown for report in reports}


def _refuse_many_keys(file: BatchInput, report: FileReport) -> None:
    """Refuse a file of JSON whose report leaves keys out: a draft would leave their columns out."""
    if file.format is FileFormat.JSONL and len(report.unknown) >= MAX_UNKNOWN_KEYS:
        command = f"jq -c '(arrays[] // .) | to_entries[]' {shlex.quote(str(file.path))} > records.jsonl"
        raise UsageError("sample_many_keys", file=file.path, limit=MAX_UNKNOWN_KEYS, command=command)


def _refuse_types(engine: Engine, staged: Staged, probe: FileProbe) -> None:
    """Refuse a file that was rejected for the types or names of its columns; the reject's detail has them after the file's hash."""
    for reject in engine.fetch(f"SELECT reason, detail FROM {staged.rejects}"):
        if reject["reason"] in _REFUSED:
            code, fact = _REFUSED[reject["reason"]]
            raise UsageError(code, file=probe.input.path, **{fact: reject["detail"].partition("; ")[2]})


def _probe_text(input_: BatchInput) -> FileProbe:
    encoding = guess_encoding(input_.path)
    head = read_head(input_.path, encoding)
    if shape := find_shape(head, input_.path.suffix):
        raise shape.refuse(input_.path)
    if input_.format is FileFormat.JSONL:
        return FileProbe(input_, RecordFormat(format=FileFormat.JSONL, encoding=encoding))
    if _MARKUP.match(head):
        raise UsageError("sample_is_markup", file=input_.path)
    found = guess_dialect(head, _read_tail(input_.path, encoding))
    if found.undivided:
        line, sign = found.undivided
        raise UsageError("sample_undivided", file=input_.path, line=line, sign=json.dumps(sign, ensure_ascii=False))
    if found.has_header and found.longest > len(found.names):
        raise UsageError("sample_header_short", file=input_.path, names=len(found.names), fields=found.longest)
    record_format = _record_format(found, encoding)
    return FileProbe(input_, record_format, agreeing_records=found.agreeing, sampled_records=found.records, units=found.units)


def _record_format(found: CsvDialect, encoding: str) -> RecordFormat:
    return RecordFormat(
        format=FileFormat.CSV,
        delimiter=found.delimiter,
        quote=found.quote,
        escape=found.escape,
        encoding=encoding,
        decimal=found.decimal,
        thousands=found.thousands,
        header_row=found.header_row,
        header_rows=found.header_rows,
        skip_rows=found.skip_rows,
        skip_after_header=found.below,
        names=() if found.has_header else found.names,
        comment=found.comment,
        footer=found.footer or 0,
        null_padding=found.null_padding,
        number_duplicates=found.number_duplicates,
    )


def read_head(path: Path, encoding: str) -> str:
    """The beginning of a text file, in whole lines."""
    with path.open("rb") as file:
        start = file.read(HEAD)
        whole = not file.read(1)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(start, final=whole).lstrip("\ufeff")
    return text if whole else text[: text.rfind("\n") + 1] or text


def _read_tail(path: Path, encoding: str) -> str:
    """The last whole lines of a text file; empty where its beginning is all of it."""
    size = path.stat().st_size
    if size <= HEAD:
        return ""
    with path.open("rb") as file:
        file.seek((size - TAIL) // 4 * 4)
        end = file.read()
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    return codecs.getincrementaldecoder(codec)(errors="replace").decode(end, final=True).partition("\n")[2]


def _first_object(text: str) -> dict[str, object]:
    """The first object of JSON lines, of an array or of objects over several lines."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text.lstrip("\ufeff[ \t\r\n"))
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
