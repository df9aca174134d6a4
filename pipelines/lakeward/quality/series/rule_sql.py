"""The SQL of one sensor rule in a series query: columns, window expressions and the failure condition.

A reading in that query has `us` (its time, µs of 1970), `place` (order of arrival), `fresh` (false: context, from
an earlier batch) and `side` (its position against known readings). Windows are over `near`: its series, by time, then arrival.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

# A row id as one number, `_file_seq * ROWS_PER_FILE + _row`: one sort key, and one item of a list of failing ids. `_row` of the last
# message of a segment is a million times its number, which is below this; 2**26 files have a place in 63 bits.
ROWS_PER_FILE = 2**37
SECOND = 1_000_000
# Sides: in time; behind the newest reading of an earlier batch; too far ahead to be a valid time.
IN_TIME, LATE, AHEAD = 0, 1, 2
# Readings that can be judged with their neighbours: a late reading can't, since its neighbours are in silver.
JUDGEABLE = f"fresh AND side = {IN_TIME}"
PREVIOUS = {"prev_us": "lag(us) OVER near"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesField:
    """A column of the readings that a rule reads.

    Args:
        alias: Its name in the query.
        column: Its name in the contract.
        name: Its name in stored readings; contains column and type, so that a changed contract does not confuse them.
        sql: Expression over the converted batch.
        type: SQL type.
        state_series: Last part of the path of the series that holds it; None if it is a column of the reading's row.
    """

    alias: str
    column: str
    name: str
    sql: str
    type: str
    state_series: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesRuleSql:
    """One sensor rule as SQL.

    Args:
        evaluated: Condition of evaluated readings.
        fails: Condition of failing readings; NULL counts as false.
        windows: Window expressions to add, by alias.
        break_condition: Condition of a new stretch; the time of the last break is then `since_<number>`.
        context_readings: Number of context readings that it needs per series; 0 if a reading is judged by itself.
        evaluated_count: Aggregate of evaluated readings per series, if it differs from counting `evaluated`.
        gate: Aggregate condition per series; if false, none of its readings fails.
        needs_series_name: Whether it needs `key`.
        needs_arrival_times: Whether it needs `mid_us` and `spread_us`, the median time and spread of readings that arrived together.
        needs_limits: Whether it needs what the mapping says of the series.
        flags: Conditions over the windows that are computed once, by alias.
        excused: By name, conditions of readings that are not evaluated for a reason that is counted.
    """

    evaluated: str
    fails: str
    _: KW_ONLY
    columns: tuple[SeriesField, ...] = ()
    windows: Mapping[str, str] = field(default_factory=dict)
    break_condition: str | None = None
    context_readings: int = 0
    evaluated_count: str | None = None
    gate: str = "TRUE"
    needs_series_name: bool = False
    needs_arrival_times: bool = False
    needs_limits: bool = False
    excused: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)


def previous_reading(reading_field: SeriesField) -> dict[str, str]:
    """Window expressions of the previous reading: its time and its field."""
    return PREVIOUS | {f"prev_{reading_field.alias}": f"lag({reading_field.alias}) OVER near"}


def microseconds(seconds: float) -> int:
    """A duration in microseconds."""
    return round(seconds * SECOND)
