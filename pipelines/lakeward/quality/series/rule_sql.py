"""What one sensor rule adds to the query of its track: fields, neighbours, and which readings fail.

A reading in that query has `us` (its time, µs of 1970), `place` (order of arrival), `fresh` (false: context, from
an earlier batch) and `side` (where it stands to what is known already). Windows are over `near`: its series, by time, then arrival.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

# A place is one number, `_file_seq * FILE + _row`: one sort key, and one item of a list of failing places. No file has 4 G records.
ROWS_PER_FILE = 2**32
SECOND = 1_000_000
# Sides: in time; behind the newest reading of an earlier batch; so far ahead that it is no time of a reading.
IN_TIME, LATE, AHEAD = 0, 1, 2
# Readings that may be judged by their neighbours: those of earlier batches are in silver, a late one can't see them.
JUDGEABLE = f"fresh AND side = {IN_TIME}"
PREVIOUS = {"prev_us": "lag(us) OVER near"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesField:
    """A column of the readings that a rule looks at.

    Args:
        alias: Its name in the query.
        column: The contract's name of it.
        name: Its name in stored readings; says column and type, so that a changed contract does not mistake one for another.
        sql: Expression over the converted batch.
        type: SQL type.
        told_by: Last part of the path of the series whose newest reading tells it, where it is not in the reading's own row.
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
        evaluated: True on readings that it is evaluated on.
        fails: True on those of them that fail; NULL counts as false.
        near: Window expressions to add, by alias.
        breaks: True where what the rule watches begins anew; the time of the last break is then `since_<number>`.
        tail: Readings of context that it needs per series; 0: a reading is judged by itself.
        counted: Aggregate of evaluated readings per series, where counting `evaluated` is not it.
        gate: Aggregate condition per series, without which none of its failing readings counts.
        by_name: Whether it asks for `key`.
        beside: Whether it needs `mid_us` and `spread_us`, the times of the readings that arrived beside.
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


def previous_reading(reading_field: SeriesField) -> dict[str, str]:
    """The window expressions of the reading before: its time and its field."""
    return PREVIOUS | {f"prev_{reading_field.alias}": f"lag({reading_field.alias}) OVER near"}


def microseconds(seconds: float) -> int:
    """A span as the query counts time."""
    return round(seconds * SECOND)
