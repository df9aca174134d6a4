"""From a file to its profile: looked at, read by the engine as an ingest would read it, tried, measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from lakeward.contracts.model import Column, DataType, FileSource, Kind
from lakeward.core.errors import UsageError
from lakeward.core.units import guess_from_name
from lakeward.engines.protocols import Engine
from lakeward.flows.profile.candidates import STRING, Trial, candidates
from lakeward.flows.profile.findings import NUMBERS, ColumnProfile, Profile
from lakeward.flows.profile.keys import find_key, find_time_column, measure_times
from lakeward.flows.profile.looking import Look, first_look, header
from lakeward.flows.profile.measuring import (
    STAGED,
    VALUES,
    Outcome,
    disorder,
    is_text,
    keep_values,
    null_tokens,
    sample,
    try_types,
)
from lakeward.flows.profile.naming import sql_names
from lakeward.flows.profile.patterns import fixed_form
from lakeward.flows.profile.personal import looks_personal
from lakeward.quality.sql import name, text

# A list that a person can read and correct.
CHOICES = 20
# Values that come so often on average are a list; fewer may be names that did not come again.
REPEATED = 10


def profile_file(engine: Engine, path: Path) -> Profile:
    """What the file shows of itself.

    Raises:
        UsageError: It is empty, can't be read, or has no header or no rows.
    """
    look = first_look(path)
    headers = header(engine, look)
    names = dict(zip(sql_names(headers), headers, strict=True))
    rows, rejects = _stage(engine, look, names)
    stored = engine.types(STAGED)
    texts = [column for column in names if is_text(stored[column])]
    source = replace(look.source, nulls=null_tokens(engine, texts))
    values = sample(engine, texts, source.nulls, rows)
    columns = _columns(engine, source, names, values)
    time = find_time_column(columns)
    key = find_key(engine, columns, time, rows)
    times = measure_times(engine, time, key) if time else None
    return Profile(path.name, source, look.agreeing, look.sampled, rows, rejects, path.suffix, columns, key, times)


def _stage(engine: Engine, look: Look, names: Mapping[str, str]) -> tuple[int, int]:
    """Read the file once and keep its rows; how many rows and rejects there are."""
    engine.stage((look.input,), look.source, tuple(Column(column, STRING, header) for column, header in names.items()))
    engine.materialise(STAGED, f"SELECT {', '.join(map(name, names))}, _row FROM staged_rows")
    counts = engine.fetch(f"SELECT (SELECT count(*) FROM {STAGED}) AS rows, (SELECT count(*) FROM staged_rejects) AS rejects")[0]
    if not counts["rows"]:
        raise UsageError("sample_without_rows", file=look.input.path, rejects=counts["rejects"])
    return counts["rows"], counts["rejects"]


def _columns(
    engine: Engine, source: FileSource, names: Mapping[str, str], values: Mapping[str, tuple[str, ...]]
) -> tuple[ColumnProfile, ...]:
    stored = engine.types(STAGED)
    personal = {column: looks_personal(header, values.get(column, ())) for column, header in names.items()}
    trials = {
        column: _trials(header, stored[column], values.get(column), source.decimal, personal=personal[column])
        for column, header in names.items()
    }
    outcomes = try_types(engine, source, trials)
    chosen = {column: _choose(engine, source, column, some) for column, some in outcomes.items()}
    keep_values(engine, source, {column: outcome.trial for column, (outcome, _) in chosen.items()})
    measured = _measure(engine, {column: outcome.trial.type for column, (outcome, _) in chosen.items()})
    return tuple(
        _finish(
            engine,
            ColumnProfile(
                source_name=header,
                name=column,
                type=chosen[column][0].trial.type,
                time_format=chosen[column][0].trial.time_format,
                rival_formats=chosen[column][1],
                filled=chosen[column][0].filled,
                converted=chosen[column][0].converted,
                distinct=int(measured[f"{column} distinct"] or 0),
                personal=personal[column],
            ),
            values.get(column, ()),
            measured,
        )
        for column, header in names.items()
    )


def _trials(header: str, stored: DataType, values: Sequence[str] | None, decimal: str, *, personal: bool) -> tuple[Trial, ...]:
    """A file's own types stand; what may be a person's number is no number to reckon with."""
    if values is None:
        return (Trial(stored),)
    found = candidates(header, values, decimal)
    return tuple(trial for trial in found if not personal or trial.type.kind not in NUMBERS)


def _choose(engine: Engine, source: FileSource, column: str, outcomes: Sequence[Outcome]) -> tuple[Outcome, tuple[str, ...]]:
    """The first type that holds, the text being the last resort; of times, the format that fits best and orders best."""
    holding = [outcome for outcome in outcomes if outcome.holds] or list(outcomes[-1:])
    if holding[0].trial.time_format is None:
        return holding[0], ()
    most = max(outcome.converted for outcome in holding if outcome.trial.time_format)
    best = [outcome for outcome in holding if outcome.trial.time_format and outcome.converted == most]
    if len(best) > 1:
        back = disorder(engine, source, column, [outcome.trial for outcome in best])
        best = [outcome for outcome, count in zip(best, back, strict=True) if count == min(back)]
    return best[0], tuple(outcome.trial.time_format for outcome in best[1:] if outcome.trial.time_format)


def _measure(engine: Engine, types: Mapping[str, DataType]) -> dict[str, int | Decimal | None]:
    """Number of different values of each column, and the bounds of numbers, in one scan."""
    items = {f"{column} distinct": f"count(DISTINCT {name(column)})" for column in types}
    for column, type_ in types.items():
        if type_.kind in NUMBERS:
            items |= {f"{column} low": f"min({name(column)})", f"{column} high": f"max({name(column)})"}
    found = engine.fetch(f"SELECT {', '.join(f'{item} AS {name(key)}' for key, item in items.items())} FROM {VALUES}")
    return found[0]


def _finish(
    engine: Engine, column: ColumnProfile, values: Sequence[str], measured: Mapping[str, int | Decimal | None]
) -> ColumnProfile:
    """The column with what depends on its type; nothing with values in it where they may be about a person."""
    if column.is_number:
        low, high = (None, None) if column.personal else (_exact(measured[f"{column.name} {end}"]) for end in ("low", "high"))
        guess = guess_from_name(column.source_name)
        return replace(column, low=low, high=high, unit=guess.code if guess else None)
    if column.type.kind is not Kind.STRING or column.personal:
        return column
    if 0 < column.distinct <= CHOICES and column.filled >= REPEATED * column.distinct:
        return replace(column, choices=_choices(engine, column))
    return replace(column, pattern=_pattern(engine, column, values))


def _exact(value: float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _choices(engine: Engine, column: ColumnProfile) -> tuple[str, ...]:
    own = name(column.name)
    found = engine.fetch(f"SELECT DISTINCT {own} AS value FROM {VALUES} WHERE {own} IS NOT NULL ORDER BY 1")
    return tuple(row["value"] for row in found)


def _pattern(engine: Engine, column: ColumnProfile, values: Sequence[str]) -> str | None:
    """The form of the sample, if the whole file keeps it."""
    form = fixed_form(values)
    if form is None:
        return None
    own = name(column.name)
    found = engine.fetch(f"SELECT count_if(NOT regexp_matches({own}, {text(form)})) AS n FROM {VALUES}")
    return None if found[0]["n"] else form
