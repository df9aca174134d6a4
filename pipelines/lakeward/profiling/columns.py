"""Profiles columns: type, range, choices or pattern, and unit.

Keeps no value of a column that could be personal.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.core.units import guess_unit_from_name
from lakeward.engines.protocols import Engine
from lakeward.profiling.findings import NUMBERS, ColumnProfile
from lakeward.profiling.no_values import NO_WORDS, find_suspects
from lakeward.profiling.patterns import fixed_form
from lakeward.profiling.personal import looks_personal
from lakeward.profiling.text_doubts import text_doubt
from lakeward.profiling.time_suspects import find_time_suspects
from lakeward.profiling.type_candidates import TypeCandidate, type_candidates
from lakeward.profiling.type_trials import (
    CHUNK,
    StagedRecords,
    TypeTrialResult,
    chunks,
    measure_disorder,
    try_types,
    typed_values,
)
from lakeward.profiling.unread_times import unread_times
from lakeward.quality.sql import select

# Maximum length of a list that a person can review.
MAX_CHOICES = 20
# Names of integer columns with codes; others are counts or measurements.
_CODE = re.compile(
    r"(^|_)(code|status|state|mode|flag|level|grade|shift|type|class|category)($|_)|状态|代码|班次|等级|类型|类别|模式"
)
# Least average frequency of the values of a list; with fewer they can be names without repetition.
MIN_REPEATS = 10


def profile_columns(
    staged: StagedRecords,
    names: Mapping[str, str],
    samples: Mapping[str, Sequence[str]],
    words: Mapping[str, Sequence[str]] = NO_WORDS,
) -> tuple[tuple[ColumnProfile, ...], Relation]:
    """The columns of the staged file, and its rows with every column in its type.

    Args:
        names: Each column's name in SQL, and in the file.
        samples: Some texts of each column that holds text.
        words: Words of historians that stand in columns.
    """
    personal = {column: looks_personal(header, samples.get(column, ())) for column, header in names.items()}
    trials = _candidates_by_column(staged, names, samples, words)
    trials = {
        column: _without_numbers(found) if column in samples and personal[column] else found for column, found in trials.items()
    }
    outcomes = try_types(staged, trials)
    typed = [_choose_type(staged, names[column], column, column_results) for column, column_results in outcomes.items()]
    values, measured = _measure(staged, [replace(column, personal=personal[column.name]) for column in typed])
    times, doubts = find_time_suspects(staged, values, measured)
    if suspects := find_suspects(staged, values, measured) | times:
        again = try_types(staged, {column: (candidate,) for column, candidate in suspects.items()})
        values, measured = _measure(staged, [_without_suspects(column, again.get(column.name, ())) for column in measured])
    measured = [replace(column, doubt=doubts.get(column.name)) for column in measured]
    described = (_with_content(staged, values, column, samples.get(column.name, ())) for column in measured)
    return tuple(described), values


def _without_suspects(column: ColumnProfile, results: Sequence[TypeTrialResult]) -> ColumnProfile:
    """The column as it is when numbers that stand for no value are none."""
    for result in results:
        suspects = tuple(text for text in result.candidate.nulls if text not in column.nulls)
        column = replace(
            column, nulls=result.candidate.nulls, suspects=suspects, filled=result.filled, converted=result.converted
        )
    return column


def _measure(staged: StagedRecords, columns: Sequence[ColumnProfile]) -> tuple[Relation, list[ColumnProfile]]:
    """The file's rows in these types, and the columns with their statistics."""
    values = typed_values(staged, {c.name: TypeCandidate(c.type, c.time_format, c.nulls) for c in columns})
    return values, _with_statistics(staged.engine, values, columns)


def _candidates_by_column(
    staged: StagedRecords,
    names: Mapping[str, str],
    samples: Mapping[str, Sequence[str]],
    words: Mapping[str, Sequence[str]],
) -> dict[str, tuple[TypeCandidate, ...]]:
    """A file's own types stand."""
    stored = staged.engine.types(staged.rows)
    return {
        column: type_candidates(names[column], samples[column], staged.record_format, words.get(column, ()))
        if column in samples
        else (TypeCandidate(stored[column]),)
        for column in names
    }


def _without_numbers(candidates: Sequence[TypeCandidate]) -> tuple[TypeCandidate, ...]:
    """What may be a person's number is no number to reckon with."""
    return tuple(candidate for candidate in candidates if candidate.type.kind not in NUMBERS)


def _choose_type(staged: StagedRecords, header: str, column: str, results: Sequence[TypeTrialResult]) -> ColumnProfile:
    """The column with the first type that holds, the last resort being the text; of times, the format that fits best."""
    holding = [outcome for outcome in results if outcome.fits] or list(results[-1:])
    best, *rivals = _best_format(staged, column, holding) if holding[0].candidate.time_format else holding[:1]
    return ColumnProfile(
        source_name=header,
        name=column,
        type=best.candidate.type,
        time_format=best.candidate.time_format,
        rival_formats=tuple(rival.candidate.time_format for rival in rivals if rival.candidate.time_format),
        nulls=best.candidate.nulls,
        filled=best.filled,
        converted=best.converted,
    )


def _best_format(staged: StagedRecords, column: str, holding: Sequence[TypeTrialResult]) -> list[TypeTrialResult]:
    """Those that convert most values: first those by which the file is best in order, and of these the shortest span.

    Where there is more than one, only a person can tell.
    """
    timed = [outcome for outcome in holding if outcome.candidate.time_format]
    most = max(outcome.converted for outcome in timed)
    best = [outcome for outcome in timed if outcome.converted == most]
    if len(best) == 1:
        return best
    orders = measure_disorder(staged, column, [outcome.candidate for outcome in best])
    return [outcome for _, outcome in sorted(zip(orders, best, strict=True), key=lambda pair: pair[0])]


def _with_statistics(engine: Engine, rows: Relation, columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Number of distinct values of each column, and the bounds of numbers."""
    by_name = {column.name: column for column in columns}
    counts = _distinct_texts(engine, rows, columns) if len(columns) > CHUNK else {}
    found: dict[str, Any] = {}
    for chunk in chunks(list(by_name)):
        items = [_statistics_items(by_name[name], counts.get(name)) for name in chunk]
        row = engine.fetch(f"SELECT {', '.join(f'{item} AS s{at}' for at, item in enumerate(sum(items, ())))} FROM {rows}")[0]
        values = iter(row.values())
        found |= {name: [next(values) for _ in item] for name, item in zip(chunk, items, strict=True)}
    return [
        replace(column, distinct=found[name][0], low=_to_decimal(found[name][1]), high=_to_decimal(found[name][2]))
        for name, column in by_name.items()
    ]


def _distinct_texts(engine: Engine, rows: Relation, columns: Sequence[ColumnProfile]) -> dict[str, int]:
    """Number of distinct values of many columns, in one grouping: an aggregate of its own costs 3 ms before the first row."""
    texts = {f"c{index}": f"CAST({_without_sign_of_zero(column)} AS VARCHAR)" for index, column in enumerate(columns)}
    found = engine.fetch(f"""
        WITH long AS (SELECT c, v FROM (SELECT {select(texts)} FROM {rows}) UNPIVOT (v FOR c IN ({", ".join(texts)})))
        SELECT c, count(DISTINCT v) AS n FROM long GROUP BY c""")
    counts = {row["c"]: row["n"] for row in found}
    return {column.name: counts.get(f"c{index}", 0) for index, column in enumerate(columns)}


def _without_sign_of_zero(column: ColumnProfile) -> str:
    own = identifier(column.name)
    return f"({own} + 0)" if column.type.kind is Kind.DOUBLE else own


def _finite(column: ColumnProfile) -> str:
    """SQL of the column's number, where it is one that a range can end at."""
    own = identifier(column.name)
    return f"CASE WHEN isfinite({own}) THEN {own} END" if column.type.kind is Kind.DOUBLE else own


def _statistics_items(column: ColumnProfile, distinct: int | None) -> tuple[str, str, str]:
    own = identifier(column.name)
    count = f"count(DISTINCT {own})" if distinct is None else f"max({distinct})"
    bounds = (f"min({_finite(column)})", f"max({_finite(column)})") if column.has_range else ("NULL", "NULL")
    return (count, *bounds)


def _to_decimal(value: float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _with_content(staged: StagedRecords, rows: Relation, column: ColumnProfile, samples: Sequence[str]) -> ColumnProfile:
    """The column with its unit, choices or pattern, or with what its times lack."""
    if column.type.kind is Kind.STRING:
        column = replace(column, unread_times=unread_times(samples), doubt=text_doubt(samples, staged.record_format))
    engine = staged.engine
    listed = 0 < column.distinct <= MAX_CHOICES and column.filled >= MIN_REPEATS * column.distinct and not column.personal
    if listed and column.type.kind is Kind.INTEGER and _CODE.search(column.name):
        return replace(column, choices=_choices(engine, rows, column), low=None, high=None)
    if column.type.kind in NUMBERS:
        return replace(column, unit=_unit(column.source_name))
    if column.type.kind is not Kind.STRING or column.personal:
        return column
    if listed:
        return replace(column, choices=_choices(engine, rows, column))
    return replace(column, pattern=_pattern(engine, rows, column, samples))


def _unit(header: str) -> str | None:
    """The unit at the end of the header, or of the upper part of a header of several rows."""
    guesses = (guess_unit_from_name(header), guess_unit_from_name(header.rpartition("_")[0]))
    return next((guess.code for guess in guesses if guess), None)


def _choices(engine: Engine, rows: Relation, column: ColumnProfile) -> tuple[str, ...]:
    own = identifier(column.name)
    found = engine.fetch(f"SELECT DISTINCT {own} AS value FROM {rows} WHERE {own} IS NOT NULL ORDER BY 1")
    return tuple(str(row["value"]) for row in found)


def _pattern(engine: Engine, rows: Relation, column: ColumnProfile, samples: Sequence[str]) -> str | None:
    """The form of the sample, if the whole file keeps it."""
    form = fixed_form(tuple(dict.fromkeys(samples)))
    if form is None:
        return None
    own = identifier(column.name)
    found = engine.fetch(f"SELECT count_if(NOT regexp_matches({own}, {literal(form)})) AS n FROM {rows}")
    return None if found[0]["n"] else form
