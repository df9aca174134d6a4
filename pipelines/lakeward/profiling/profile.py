"""Profiles a file: probes it, reads it with the engine as in an ingest, tests types, measures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import UsageError
from lakeward.core.names import Relation
from lakeward.core.sql import identifier
from lakeward.core.workbook import ERRORS
from lakeward.engines.protocols import Engine
from lakeward.profiling.columns import profile_columns
from lakeward.profiling.content import detect_grades
from lakeward.profiling.date_and_time import NONE_JOINED, find_date_and_time
from lakeward.profiling.findings import NUMBERS, ColumnProfile, FileDrift, Profile
from lakeward.profiling.keys import find_key, find_time_column, measure_times
from lakeward.profiling.naming import sql_names
from lakeward.profiling.no_values import NULLS, find_tokens
from lakeward.profiling.probe import FileProbe, probe_file, read_header, read_headers
from lakeward.profiling.type_candidates import STRING
from lakeward.profiling.type_trials import StagedRecords, sample_texts
from lakeward.sources.packing import PackingError, plain_suffix, unpack_beside

# Most bytes that a packed sample may hold.
LIMIT_BYTES = 4 << 30


def profile_file(engine: Engine, path: Path, sheet: str | None = None, others: Sequence[Path] = ()) -> Profile:
    """What the file shows of itself, and files of its form together with it.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.
        others: Further files, read in the form of the first.

    Raises:
        UsageError: It is empty, can't be read, or has no header or no rows.
    """
    probe = probe_file(_unpack(path, engine.scratch / "sample"), sheet)
    headers = read_header(engine, probe)
    inputs = (probe.input, *(_further_input(engine, probe, other, seq) for seq, other in enumerate(others, 2)))
    by_file = read_headers(engine, probe, inputs) if others else {}
    headers = tuple(dict.fromkeys((*headers, *(header for found in by_file.values() for header in found))))
    names = dict(zip(sql_names(headers), headers, strict=True))
    staged, rows, rejects = _stage(engine, probe, inputs, names)
    if joined := find_date_and_time(staged, names, rows):
        names = {joined[0]: " ".join(joined[1]), **names}
        staged, rows, rejects = _stage(engine, probe, inputs, names, dict([joined]))
    texts = [column for column, type_ in engine.types(staged.rows).items() if column in names and type_.kind is Kind.STRING]
    tokens = find_tokens(staged, texts)
    record_format = replace(probe.record_format, nulls=("", *(token for token in NULLS if token in tokens.nulls)))
    staged = replace(staged, record_format=record_format)
    samples = sample_texts(
        staged, texts, (*record_format.nulls, *(ERRORS if record_format.format is FileFormat.XLSX else ())), rows
    )
    columns, values = profile_columns(staged, names, samples, tokens.words)
    content = detect_grades(staged, columns)
    units = {headers[place]: code for place, code in probe.units if place < len(headers)}
    columns = tuple(
        _with_unit_of_file(replace(column, grade_proposal=content.get(column.name)), probe, units) for column in columns
    )
    columns = tuple(
        replace(column, joined_names=joined[1]) if joined and column.name == joined[0] else column for column in columns
    )
    time = find_time_column(columns)
    key = find_key(engine, values, columns, time, rows)
    times = measure_times(staged, values, time, key) if time else None
    return Profile(
        record_format=record_format,
        agreeing_records=probe.agreeing_records,
        sampled_records=probe.sampled_records,
        rows=rows,
        rejects=rejects,
        suffix=plain_suffix(path),
        columns=columns,
        key=key,
        times=times,
        files=len(inputs),
        drift=tuple(_drifts(by_file, headers)),
    )


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


def _with_unit_of_file(column: ColumnProfile, probe: FileProbe, units: Mapping[str, str]) -> ColumnProfile:
    """The column in the unit that the file tells: a line of units, or what a workbook shows as percentages, which are fractions."""
    if column.source_name in units and column.type.kind in NUMBERS:
        return replace(column, unit=units[column.source_name], unit_evidence="as the line below the header tells")
    if column.source_name not in probe.percent_columns or column.type.kind not in NUMBERS:
        return column
    return replace(column, unit="1", unit_evidence="a fraction, which the workbook shows as a percentage")


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
) -> tuple[StagedRecords, int, int]:
    """Read the files once and keep their rows; how many rows and rejects there are."""
    columns = tuple(Column(column, STRING, header, joined_names=joined.get(column, ())) for column, header in names.items())
    read = engine.stage(inputs, probe.record_format, columns)
    items = ", ".join(_staged_items(engine, probe, read.rows, names))
    rows = engine.materialise("profile_staged", f"SELECT {items}, _row FROM {read.rows}")
    counts = engine.fetch(f"SELECT (SELECT count(*) FROM {rows}) AS rows, (SELECT count(*) FROM {read.rejects}) AS rejects")[0]
    if not counts["rows"]:
        raise UsageError("sample_without_rows", file=probe.input.path, rejects=counts["rejects"])
    return StagedRecords(engine, rows, probe.record_format), counts["rows"], counts["rejects"]
