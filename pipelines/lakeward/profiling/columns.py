"""One column after the other: its type proven, its range, choices or form, its unit.

Refuses to keep a value where the column may be about a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from lakeward.contracts.model import Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.core.units import guess_from_name
from lakeward.engines.protocols import Engine
from lakeward.profiling.candidates import Trial, candidates
from lakeward.profiling.findings import NUMBERS, ColumnProfile
from lakeward.profiling.measuring import Outcome, StagedRecords, disorder, try_types, typed_values
from lakeward.profiling.patterns import fixed_form
from lakeward.profiling.personal import looks_personal

# A list that a person can read and correct.
CHOICES = 20
# Whole numbers that stand for something, by their name; others are counted or measured.
_CODE = re.compile(
    r"(^|_)(code|status|state|mode|flag|level|grade|shift|type|class|category)($|_)|状态|代码|班次|等级|类型|类别|模式"
)
# Values that come so often on average are a list; fewer may be names that did not come again.
REPEATED = 10


def profile_columns(
    staged: StagedRecords, names: Mapping[str, str], samples: Mapping[str, Sequence[str]]
) -> tuple[tuple[ColumnProfile, ...], Relation]:
    """The columns of the staged file, and its rows with every column in its type.

    Args:
        names: Each column's name in SQL, and in the file.
        samples: Some texts of each column that holds text.
    """
    personal = {column: looks_personal(header, samples.get(column, ())) for column, header in names.items()}
    trials = _trials(staged, names, samples, personal)
    outcomes = try_types(staged, trials)
    typed = [_typed(staged, names[column], column, some) for column, some in outcomes.items()]
    values = typed_values(staged, {column.name: Trial(column.type, column.time_format) for column in typed})
    measured = _measured(staged.engine, values, [replace(column, personal=personal[column.name]) for column in typed])
    described = (_described(staged.engine, values, column, samples.get(column.name, ())) for column in measured)
    return tuple(described), values


def _trials(
    staged: StagedRecords,
    names: Mapping[str, str],
    samples: Mapping[str, Sequence[str]],
    personal: Mapping[str, bool],
) -> dict[str, tuple[Trial, ...]]:
    """A file's own types stand; what may be a person's number is no number to reckon with."""
    stored = staged.engine.types(staged.rows)
    found = {column: candidates(names[column], values, staged.record_format.decimal) for column, values in samples.items()}
    return {
        column: tuple(one for one in found[column] if not (personal[column] and one.type.kind in NUMBERS))
        if column in found
        else (Trial(stored[column]),)
        for column in names
    }


def _typed(staged: StagedRecords, header: str, column: str, outcomes: Sequence[Outcome]) -> ColumnProfile:
    """The column with the first type that holds, the last resort being the text; of times, the format that fits best."""
    holding = [outcome for outcome in outcomes if outcome.holds] or list(outcomes[-1:])
    best, *rivals = _best_format(staged, column, holding) if holding[0].trial.time_format else holding[:1]
    return ColumnProfile(
        source_name=header,
        name=column,
        type=best.trial.type,
        time_format=best.trial.time_format,
        rival_formats=tuple(rival.trial.time_format for rival in rivals if rival.trial.time_format),
        filled=best.filled,
        converted=best.converted,
    )


def _best_format(staged: StagedRecords, column: str, holding: Sequence[Outcome]) -> list[Outcome]:
    """Those that convert most values; of these, those by which the file is best in order, the shortest span first.

    Where there is more than one, only a person can tell.
    """
    timed = [outcome for outcome in holding if outcome.trial.time_format]
    most = max(outcome.converted for outcome in timed)
    best = [outcome for outcome in timed if outcome.converted == most]
    if len(best) == 1:
        return best
    orders = disorder(staged, column, [outcome.trial for outcome in best])
    ranked = sorted(zip(orders, best, strict=True), key=lambda pair: pair[0])
    return [outcome for (back, _), outcome in ranked if back == ranked[0][0][0]]


def _measured(engine: Engine, rows: Relation, columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Number of different values of each column, and the bounds of numbers, in one scan."""
    items = [
        f"count(DISTINCT {identifier(one.name)}) AS d{place}"
        + (f", min({identifier(one.name)}) AS l{place}, max({identifier(one.name)}) AS h{place}" if one.has_range else "")
        for place, one in enumerate(columns)
    ]
    found = engine.fetch(f"SELECT {', '.join(items)} FROM {rows}")[0]
    return [
        replace(one, distinct=found[f"d{place}"], low=_exact(found.get(f"l{place}")), high=_exact(found.get(f"h{place}")))
        for place, one in enumerate(columns)
    ]


def _exact(value: float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _described(engine: Engine, rows: Relation, column: ColumnProfile, samples: Sequence[str]) -> ColumnProfile:
    """The column with its unit, its choices or its form."""
    listed = 0 < column.distinct <= CHOICES and column.filled >= REPEATED * column.distinct and not column.personal
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
    """The unit that the header ends with, or the upper part of a header of several rows."""
    guesses = (guess_from_name(header), guess_from_name(header.rpartition("_")[0]))
    return next((guess.code for guess in guesses if guess), None)


def _choices(engine: Engine, rows: Relation, column: ColumnProfile) -> tuple[str, ...]:
    own = identifier(column.name)
    found = engine.fetch(f"SELECT DISTINCT {own} AS value FROM {rows} WHERE {own} IS NOT NULL ORDER BY 1")
    return tuple(str(row["value"]) for row in found)


def _pattern(engine: Engine, rows: Relation, column: ColumnProfile, samples: Sequence[str]) -> str | None:
    """The form of the sample, if the whole file keeps it."""
    form = fixed_form(samples)
    if form is None:
        return None
    own = identifier(column.name)
    found = engine.fetch(f"SELECT count_if(NOT regexp_matches({own}, {literal(form)})) AS n FROM {rows}")
    return None if found[0]["n"] else form
