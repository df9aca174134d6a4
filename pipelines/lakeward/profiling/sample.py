"""Reads a sample: one file, or several of one form, staged by the engine as in an ingest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.types import SQL_TYPES
from lakeward.core.errors import UsageError
from lakeward.core.names import Relation
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.engines.text.repeated_headers import OTHER_HEADER
from lakeward.profiling.date_and_time import NONE_JOINED, find_date_and_time
from lakeward.profiling.findings import FileDrift
from lakeward.profiling.json_faults import json_fault
from lakeward.profiling.naming import sql_names
from lakeward.profiling.probe import FileProbe, probe_file, read_header, read_headers
from lakeward.profiling.type_candidates import STRING
from lakeward.profiling.type_trials import StagedRecords
from lakeward.sources.packing import PackingError, unpack_beside

# Most bytes that a packed sample may hold.
LIMIT_BYTES = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was read.

    Args:
        headers: Names in the files, in order.
        names: Each column's name in SQL, and in the file.
        left_out: Names in the files of columns of a type that no contract has.
        joined: Columns that join a date and a time of day, and the names of both in the file.
        rows, rejects: Numbers of readable and unreadable records.
        first_reject: Line or row of the first unreadable one; 0: there is none.
        files: Number of files.
        drift: Files whose columns differ.
    """

    probe: FileProbe
    staged: StagedRecords
    headers: tuple[str, ...]
    names: Mapping[str, str]
    joined: Mapping[str, tuple[str, ...]]
    rows: int
    rejects: int
    files: int
    drift: tuple[FileDrift, ...]
    left_out: tuple[str, ...] = ()
    first_reject: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    staged: StagedRecords
    rows: int
    rejects: int
    first_reject: int


def read_sample(engine: Engine, path: Path, sheet: str | None, others: Sequence[Path]) -> Sample:
    """Read `path`, and `others` in its form.

    Raises:
        UsageError: It is empty, can't be read, or has no header or no rows.
    """
    probe = probe_file(_unpack(path, engine.scratch / "sample"), sheet)
    headers, probe = read_header(engine, probe)
    inputs = (probe.input, *(_further_input(engine, probe, other, seq) for seq, other in enumerate(others, 2)))
    by_file = read_headers(engine, probe, inputs) if others else {}
    headers = tuple(dict.fromkeys((*headers, *(header for found in by_file.values() for header in found))))
    names = dict(zip(sql_names(headers), headers, strict=True))
    read = _stage(engine, probe, inputs, names)
    joined = dict(filter(None, [find_date_and_time(read.staged, names, read.rows)]))
    if joined:
        names = {**{name: " ".join(parts) for name, parts in joined.items()}, **names}
        read = _stage(engine, probe, inputs, names, joined)
    binary = _binary_columns(read.staged, probe, names)
    return Sample(
        probe=probe,
        staged=read.staged,
        headers=headers,
        names={name: header for name, header in names.items() if name not in binary},
        left_out=tuple(header for name, header in names.items() if name in binary),
        joined=joined,
        rows=read.rows,
        rejects=read.rejects,
        first_reject=read.first_reject,
        files=len(inputs),
        drift=tuple(_drifts(by_file, headers)),
    )


def _binary_columns(staged: StagedRecords, probe: FileProbe, names: Mapping[str, str]) -> frozenset[str]:
    """Columns of bytes, for which a contract has no type; a file of nothing else is refused."""
    binary = frozenset(name for name, type_ in staged.engine.types(staged.rows).items() if type_.kind is Kind.BINARY)
    if binary >= names.keys():
        found = ", ".join(f"{header}: {SQL_TYPES[Kind.BINARY]}" for header in names.values())
        raise UsageError("sample_type_unreadable", file=probe.input.path, found=found)
    return binary


def _further_input(engine: Engine, probe: FileProbe, path: Path, seq: int) -> BatchInput:
    plain = _unpack(path, engine.scratch / "sample")
    return replace(probe.input, seq=seq, name=path.name, path=plain, size=plain.stat().st_size)


def _drifts(by_file: Mapping[str, Sequence[str]], headers: Sequence[str]) -> Iterator[FileDrift]:
    first = next(iter(by_file.values()), ())
    for file, found in by_file.items():
        missing = tuple(header for header in headers if header not in found)
        own = tuple(header for header in found if header not in first)
        if missing or own:
            yield FileDrift(file=file, missing=missing, own=own)


def _unpack(path: Path, folder: Path) -> Path:
    try:
        return unpack_beside(path, folder, LIMIT_BYTES)
    except PackingError as error:
        raise UsageError("sample_not_readable", file=path, found=error.code) from None


def _staged_items(engine: Engine, probe: FileProbe, rows: Relation, names: Iterable[str]) -> list[str]:
    """SELECT items of the columns as a table has them: types without a contract type, such as lists and local times, are text."""
    types = engine.types(rows) if probe.record_format.format is FileFormat.PARQUET else {}
    return [
        f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}"
        if name in types and types[name].kind is Kind.STRING
        else identifier(name)
        for name in names
    ]


def _stage(
    engine: Engine,
    probe: FileProbe,
    inputs: tuple[BatchInput, ...],
    names: Mapping[str, str],
    joined: Mapping[str, tuple[str, ...]] = NONE_JOINED,
) -> _Read:
    """Read the files once and keep their rows."""
    columns = tuple(Column(column, STRING, header, joined_names=joined.get(column, ())) for column, header in names.items())
    read = engine.stage(inputs, probe.record_format, columns)
    items = ", ".join(_staged_items(engine, probe, read.rows, names))
    rows = engine.materialise("profile_staged", f"SELECT {items}, _row FROM {read.rows}")
    counts = engine.fetch(
        f"SELECT (SELECT count(*) FROM {rows}) AS rows, (SELECT count(*) FROM {read.rejects}) AS rejects, (SELECT min(_row) FROM {read.rejects}) AS first"
    )[0]
    if probe.record_format.format is FileFormat.JSONL and counts["rejects"] > counts["rows"]:
        raise json_fault(probe.input.path, probe.record_format.encoding)
    for report in read.reports:
        if report.fault == OTHER_HEADER:
            detail = engine.fetch(f"SELECT detail FROM {read.rejects} WHERE _file_seq = {report.seq}")[0]["detail"]
            raise UsageError("sample_other_header", file=report.name, line=detail.rpartition(" ")[2])
    if not counts["rows"]:
        raise UsageError("sample_without_rows", file=probe.input.path, rejects=counts["rejects"])
    return _Read(StagedRecords(engine, rows, probe.record_format), counts["rows"], counts["rejects"], counts["first"] or 0)
