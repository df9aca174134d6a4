"""Profiles a sample: tests types, measures columns, finds key and times."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.core.names import Relation
from lakeward.core.workbook import ERRORS
from lakeward.engines.protocols import Engine
from lakeward.grading.proposal import GradeProposal
from lakeward.profiling.columns import profile_columns
from lakeward.profiling.content import detect_grades
from lakeward.profiling.findings import NUMBERS, ColumnProfile, Profile
from lakeward.profiling.fine_times import count_fine_times
from lakeward.profiling.keys import find_key, find_time_column, measure_times
from lakeward.profiling.no_values import NULLS, find_tokens
from lakeward.profiling.probe import FileProbe
from lakeward.profiling.sample import Sample, read_sample
from lakeward.profiling.text_doubts import unsure_signs
from lakeward.profiling.type_trials import StagedRecords, sample_texts
from lakeward.sources.packing import plain_suffix

NANOSECONDS = "its times are in nanoseconds, and a table keeps microseconds: what is finer is cut"


def profile_file(engine: Engine, path: Path, sheet: str | None = None, others: Sequence[Path] = ()) -> Profile:
    """What the file shows of itself, and files of its form together with it.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.
        others: Further files, read in the form of the first.

    Raises:
        UsageError: It is empty, can't be read, or has no header or no rows.
    """
    sample = read_sample(engine, path, sheet, others)
    staged, columns, values = measure_columns(engine, sample)
    time = find_time_column(columns)
    key = find_key(engine, values, columns, time, sample.rows)
    return Profile(
        record_format=staged.record_format,
        agreeing_records=sample.probe.agreeing_records,
        sampled_records=sample.probe.sampled_records,
        rows=sample.rows,
        rejects=sample.rejects,
        first_reject=sample.first_reject,
        suffix=plain_suffix(path),
        columns=columns,
        key=key,
        times=measure_times(staged, values, time, key) if time else None,
        files=sample.files,
        drift=sample.drift,
        left_out=sample.left_out,
    )


def measure_columns(engine: Engine, sample: Sample) -> tuple[StagedRecords, tuple[ColumnProfile, ...], Relation]:
    """The columns with types, units and proposals of grades; and the records with their null tokens, and as typed values."""
    staged, names = sample.staged, sample.names
    texts = [column for column, type_ in engine.types(staged.rows).items() if column in names and type_.kind is Kind.STRING]
    tokens = find_tokens(staged, texts)
    nulls = ("", *(token for token in NULLS if token in tokens.nulls))
    staged = replace(staged, record_format=replace(staged.record_format, nulls=nulls))
    errors = ERRORS if staged.record_format.format is FileFormat.XLSX else ()
    samples = sample_texts(staged, texts, (*nulls, *errors), sample.rows)
    columns, values = profile_columns(staged, names, samples, tokens.words)
    finer = count_fine_times(staged, columns)
    columns = _with_unsure_signs(columns, unsure_signs(samples, staged.record_format))
    columns = tuple(replace(c, infinite=tokens.infinite.get(c.name, 0), finer=finer.get(c.name, 0)) for c in columns)
    content = detect_grades(staged, columns)
    return staged, tuple(_with_findings_of_file(column, sample, content) for column in columns), values


def _with_unsure_signs(columns: Sequence[ColumnProfile], signs: Mapping[str, str]) -> tuple[ColumnProfile, ...]:
    return tuple(replace(c, unsure_sign=signs.get(c.name, "")) if c.type.kind in NUMBERS else c for c in columns)


def _with_findings_of_file(column: ColumnProfile, sample: Sample, content: Mapping[str, GradeProposal]) -> ColumnProfile:
    joined = sample.joined.get(column.name, column.joined_names)
    units = {sample.headers[place]: code for place, code in sample.probe.units if place < len(sample.headers)}
    if any(column.source_name in parts for parts in sample.joined.values()):
        column = replace(column, unread_times=None)
    if column.source_name in sample.probe.nanoseconds:
        column = replace(column, doubt=NANOSECONDS)
    column = replace(column, grade_proposal=content.get(column.name), joined_names=joined)
    return _with_unit_of_file(column, sample.probe, units)


def _with_unit_of_file(column: ColumnProfile, probe: FileProbe, units: Mapping[str, str]) -> ColumnProfile:
    """The column in the unit that the file tells: a line of units, or what a workbook shows as percentages, which are fractions."""
    if column.source_name in units and column.type.kind in NUMBERS:
        return replace(column, unit=units[column.source_name], unit_evidence="as the line below the header tells")
    if column.source_name not in probe.percent_columns or column.type.kind not in NUMBERS:
        return column
    return replace(column, unit="1", unit_evidence="a fraction, which the workbook shows as a percentage")
