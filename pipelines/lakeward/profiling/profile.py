"""Profiles a file: probes it, reads it with the engine as in an ingest, tests types, measures."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

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
from lakeward.profiling.findings import NUMBERS, ColumnProfile, Profile
from lakeward.profiling.keys import find_key, find_time_column, measure_times
from lakeward.profiling.naming import sql_names
from lakeward.profiling.no_values import NULLS, find_tokens
from lakeward.profiling.probe import FileProbe, probe_file, read_header
from lakeward.profiling.type_candidates import STRING
from lakeward.profiling.type_trials import StagedRecords, sample_texts


def profile_file(engine: Engine, path: Path, sheet: str | None = None) -> Profile:
    """Profile a file.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        UsageError: It is empty, can't be read, or has no header or no rows.
    """
    probe = probe_file(path, sheet)
    headers = read_header(engine, probe)
    names = dict(zip(sql_names(headers), headers, strict=True))
    staged, rows, rejects = _stage(engine, probe, names)
    if joined := find_date_and_time(staged, names, rows):
        names = {joined[0]: " ".join(joined[1]), **names}
        staged, rows, rejects = _stage(engine, probe, names, dict([joined]))
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
        suffix=path.suffix,
        columns=columns,
        key=key,
        times=times,
    )


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
    engine: Engine, probe: FileProbe, names: Mapping[str, str], joined: Mapping[str, tuple[str, ...]] = NONE_JOINED
) -> tuple[StagedRecords, int, int]:
    """Read the file once and keep its rows; how many rows and rejects there are."""
    columns = tuple(Column(column, STRING, header, joined_names=joined.get(column, ())) for column, header in names.items())
    read = engine.stage((probe.input,), probe.record_format, columns)
    items = ", ".join(_staged_items(engine, probe, read.rows, names))
    rows = engine.materialise("profile_staged", f"SELECT {items}, _row FROM {read.rows}")
    counts = engine.fetch(f"SELECT (SELECT count(*) FROM {rows}) AS rows, (SELECT count(*) FROM {read.rejects}) AS rejects")[0]
    if not counts["rows"]:
        raise UsageError("sample_without_rows", file=probe.input.path, rejects=counts["rejects"])
    return StagedRecords(engine, rows, probe.record_format), counts["rows"], counts["rejects"]
