"""Reads text files as a table: parsed as in an ingest, and typed as in pandas.

A column has whole numbers, numbers, or booleans if every value is one; else it is text. A date is text here, as in
JSON and for Great Expectations, and so is an identifier: digits with a leading zero, or too many for 64 bits.
"""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.core.errors import DataError, UsageError
from lakeward.core.names import Relation
from lakeward.core.sql import OVER_ALL_ROWS, identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.checking.files import TextFiles
from lakeward.flows.checking.odd_texts import OddText, find_odd_texts
from lakeward.flows.checking.reserved_names import check_reserved_names
from lakeward.profiling.probe import FileProbe, probe_file, read_head, read_header
from lakeward.profiling.type_candidates import IDENTIFIER, STRING, TypeCandidate
from lakeward.profiling.type_trials import StagedRecords, TypeTrialResult, sample_texts, try_types

# Texts that `pandas.read_csv`, and so Great Expectations, reads as missing.
NULLS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
TYPES = tuple(DataType(kind) for kind in (Kind.INTEGER, Kind.DOUBLE, Kind.BOOLEAN))
_BOOLEAN_WORDS = ("true", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedText:
    """Text files as a table.

    Args:
        staged: Their records, all texts with their places.
        columns: The columns found.
        unjudged: Lines that were taken for no records, by file and by the key of a contract that says so.
        odd_texts: What made columns of numbers columns of text.
    """

    staged: StagedRecords
    columns: tuple[Column, ...]
    unjudged: tuple[Mapping[str, object], ...]
    odd_texts: tuple[OddText, ...]


def stage_text_files(engine: Engine, given: TextFiles, sheet: str | None = None) -> StagedText:
    """The records of the files, the columns found, and what lines are none.

    Args:
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        DataError: A file has no columns, the columns differ, or a record can't be parsed.
    """
    probe, headers = _probe_first_file(engine, given, sheet)
    check_reserved_names(headers, given.names[0])
    names = _distinct_names(headers)
    staged, reports = _stage(engine, given, probe, dict(zip(names, headers, strict=True)))
    rows = engine.fetch(f"SELECT count(*) AS n FROM {staged.rows}")[0]["n"]
    staged = replace(staged, record_format=replace(probe.record_format, nulls=_null_tokens(staged, names)))
    outcomes = _try_numbers(staged, names, rows)
    columns = tuple(Column(name, _first_fitting_type(outcomes.get(name, ())), name) for name in names)
    unjudged, odd = tuple(_unjudged_lines(probe, reports)), tuple(find_odd_texts(staged, outcomes))
    return StagedText(staged=staged, columns=columns, unjudged=unjudged, odd_texts=odd)


def _unjudged_lines(probe: FileProbe, reports: Sequence[FileReport]) -> Iterator[Mapping[str, object]]:
    """Lines above and below the header, and comments: what a contract's keys would say, file by file."""
    record_format = probe.record_format
    above = max(record_format.header_row - 1, record_format.skip_rows)
    if record_format.comment and not above:
        head = read_head(probe.input.path, record_format.encoding).splitlines()
        comments = itertools.takewhile(lambda line: not line.strip() or line.startswith(record_format.comment), head)
        if count := sum(1 for line in comments if line.strip()):
            yield {"file": reports[0].name, "key": "comment", "lines": count}
    for report in reports:
        if above:
            yield {"file": report.name, "key": "headerRow" if record_format.header_row > 1 else "skipRows", "lines": above}
        if record_format.skip_after_header:
            yield {"file": report.name, "key": "skipAfterHeader", "lines": record_format.skip_after_header}
        for lines in report.omitted:
            yield {"file": report.name, "key": lines.key, "lines": lines.count}


def _probe_first_file(engine: Engine, given: TextFiles, sheet: str | None) -> tuple[FileProbe, tuple[str, ...]]:
    try:
        probe = probe_file(given.files[0], sheet)
        # A last record that looks like a sum is judged like any other: a check leaves no row out.
        probe = replace(probe, record_format=replace(probe.record_format, footer=0))
        return probe, read_header(engine, probe)[0]
    except UsageError as error:
        code = "data_sheets" if error.code == "sample_sheets" else error.code
        raise DataError(code, **error.facts | {"file": given.names[0]}) from None


def _distinct_names(headers: Sequence[str]) -> tuple[str, ...]:
    """The names of columns: engines ignore case, so what differs by it alone gets a number, as in JSON and Parquet (`T`, `t_1`)."""
    names: list[str] = []
    used = {header.casefold() for header in headers}
    seen: set[str] = set()
    for header in headers:
        name = _free_name(header, used) if header.casefold() in seen else header
        seen.add(header.casefold())
        used.add(name.casefold())
        names.append(name)
    return tuple(names)


def _free_name(header: str, used: Collection[str]) -> str:
    numbered = (f"{header}_{number}" for number in itertools.count(1))
    return next(name for name in numbered if name.casefold() not in used)


def _stage(
    engine: Engine, given: TextFiles, probe: FileProbe, names: Mapping[str, str]
) -> tuple[StagedRecords, tuple[FileReport, ...]]:
    # Required, to distinguish a missing column from a missing value.
    columns = tuple(Column(name, STRING, header, required=True) for name, header in names.items())
    placed = enumerate(zip(given.names, given.files, strict=True), 1)
    inputs = tuple(replace(probe.input, seq=seq, name=name, path=file) for seq, (name, file) in placed)
    read = engine.stage(inputs, probe.record_format, columns)
    for report in read.reports:
        if differing_columns := (*report.missing, *report.unknown):
            expected, found = ("-", differing_columns[0]) if not report.missing else (differing_columns[0], "-")
            raise DataError(
                "data_files_differ",
                file=report.name,
                first=given.names[0],
                column=differing_columns[0],
                expected=expected,
                found=found,
            )
    _refuse_rejects(engine, read.rejects)
    select = f"SELECT {', '.join(map(identifier, names))}, _file, _file_seq, _row FROM {read.rows}"
    return StagedRecords(engine, engine.materialise("profile_staged", select), probe.record_format), read.reports


def _refuse_rejects(engine: Engine, rejects: Relation) -> None:
    items = f"_file, _row, reason, detail, count(*) {OVER_ALL_ROWS} AS n"
    for reject in engine.fetch(f"SELECT {items} FROM {rejects} ORDER BY _file_seq, _row LIMIT 1"):
        # A file that is rejected whole for one of its lines: its detail names the line.
        named = re.search(r"; .*line (\d+)$", reject["detail"] or "")
        facts = {"file": reject["_file"], "row": reject["_row"] or (named[1] if named else 0), "records": reject["n"]}
        raise DataError("data_records_unreadable", reason=reject["reason"], **facts)


def _null_tokens(staged: StagedRecords, names: Sequence[str]) -> tuple[str, ...]:
    """The texts of `NULLS` that occur, since each costs a comparison per value."""
    tokens = ", ".join(map(literal, NULLS))
    items = ", ".join(
        f"list(DISTINCT {own}) FILTER ({own} IN ({tokens})) AS n{index}" for index, own in enumerate(map(identifier, names))
    )
    found = staged.engine.fetch(f"SELECT {items} FROM {staged.rows}")[0]
    return tuple(dict.fromkeys(["", *(token for tokens in found.values() for token in tokens or ())]))


def _try_numbers(staged: StagedRecords, names: Sequence[str], rows: int) -> dict[str, tuple[TypeTrialResult, ...]]:
    """The trials of `TYPES` that a column may have."""
    samples = sample_texts(staged, names, staged.record_format.nulls, rows)
    trials = {
        name: candidates
        for name in names
        if (candidates := tuple(TypeCandidate(type_) for type_ in _candidate_types(samples[name])))
    }
    return try_types(staged, trials) if trials and rows else {}


def _candidate_types(values: Sequence[str]) -> tuple[DataType, ...]:
    if any(map(IDENTIFIER.fullmatch, values)):
        return ()
    whole, number, truth = TYPES
    if values and all(value.lower() in _BOOLEAN_WORDS for value in values):
        return (truth,)
    return (whole, number) if all(value.lstrip("+-").isdigit() for value in values) else (number,)


def _first_fitting_type(outcomes: Sequence[TypeTrialResult]) -> DataType:
    """The first of `TYPES` that every value has; a column without values is numeric, as in pandas."""
    if outcomes and not any(outcome.filled for outcome in outcomes):
        return DataType(Kind.DOUBLE)
    return next((outcome.candidate.type for outcome in outcomes if outcome.converted == outcome.filled), STRING)
