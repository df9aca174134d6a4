"""Rules by the machine's state: ranges by state, and planned stops."""

from collections.abc import Sequence

from lakeward.core.sql import literal
from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import SeriesField, SeriesRuleSql

# Key of all states that are not listed.
ANY_OTHER_STATE = "*"


def range_by_state(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if it is outside the range of the machine's state; a state without a range is not evaluated."""
    value, state = args.number_column(), args.state_column()
    ranges = args.kwargs["ranges"]
    listed = [word for word in ranges if word != ANY_OTHER_STATE]
    known = "TRUE" if ANY_OTHER_STATE in ranges else f"{state.alias} IN ({_texts(listed)})"
    cases = " ".join(f"WHEN {state.alias} = {literal(word)} THEN {_outside(value, ranges[word])}" for word in listed)
    otherwise = _outside(value, ranges.get(ANY_OTHER_STATE, (None, None)))
    fails = f"CASE {cases} ELSE {otherwise} END" if cases else otherwise
    evaluated = f"fresh AND {value.alias} IS NOT NULL AND {state.alias} IS NOT NULL AND {known}"
    return SeriesRuleSql(evaluated, fails, columns=(value, state))


def planned_stops(args: SeriesArguments) -> tuple[tuple[SeriesField, ...], str, str]:
    """The field of planned stops, and conditions that a reading, or the previous one, is in a stop; else false."""
    states = args.get("stop_states")
    if not states:
        return (), "FALSE", "FALSE"
    state, state_list = args.state_column(), _texts(states)
    now, before = (f"coalesce({alias} IN ({state_list}), FALSE)" for alias in (state.alias, f"prev_{state.alias}"))
    return (state,), now, before


def _outside(value: SeriesField, bounds: Sequence[float | None]) -> str:
    low, high = bounds
    sides = [f"{value.alias} < {float(low)!r}"] if low is not None else []
    sides += [f"{value.alias} > {float(high)!r}"] if high is not None else []
    return f"({' OR '.join(sides)})" if sides else "FALSE"


def _texts(words: Sequence[str]) -> str:
    return ", ".join(literal(str(word)) for word in words)
