"""Times of PostgreSQL that no timestamp of a table holds: `infinity`, years before 1 and after 9999, as the server writes them.

ADBC moves each number from the server's first day, 2000-01-01, to 1970 and lets it wrap around, so that none is lost: a server that made
texts of its own would send one column more of each time, nearly always empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_DAY = 86_400_000_000  # microseconds
_FIRST_DAY = date(2000, 1, 1)
_FIRST_DAY_SINCE_1970 = 10_957
# Days from 1970 of the first one of year 1, and of the first one of year 10000.
_LOW, _HIGH = -719_162, 2_932_897
# After so many days the calendar repeats.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097


@dataclass(frozen=True, slots=True)
class TimeType:
    """A type of times.

    Args:
        bits: Of a value.
        day: Units of a day.
        suffix: What the server writes behind a time, in UTC.
    """

    bits: int
    day: int
    suffix: str = ""


TIMES: Mapping[str, TimeType] = {
    "date": TimeType(32, 1),
    "timestamp": TimeType(64, _DAY),
    "timestamptz": TimeType(64, _DAY, "+00"),
}


def split_far_times(column: Any, type_: TimeType) -> tuple[Any, Any]:
    """The Arrow array with NULL in place of each time that no timestamp holds, and the server's texts of those."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.compute as pc  # noqa: PLC0415 -- as above

    numbers = column.view(pa.int64() if type_.bits == 64 else pa.int32())
    low, high = _LOW * type_.day, _HIGH * type_.day
    found = pc.min_max(numbers).as_py()
    if found["min"] is None or (found["min"] >= low and found["max"] < high):
        return column, pa.nulls(len(column), pa.string())
    is_far = pc.or_(pc.less(numbers, low), pc.greater_equal(numbers, high))
    far = pc.if_else(is_far, numbers, None).dictionary_encode()
    texts = pa.array([_text(number, type_) for number in far.dictionary.to_pylist()], pa.string())
    return pc.if_else(is_far, None, column), texts.take(far.indices)


def _text(number: int, type_: TimeType) -> str:
    """The server's text of a number that ADBC gave."""
    half = 1 << (type_.bits - 1)
    own = (number - _FIRST_DAY_SINCE_1970 * type_.day + half) % (2 * half) - half
    if own in {half - 1, -half}:
        return "infinity" if own > 0 else "-infinity"
    days, rest = divmod(own, type_.day)
    cycle, day = divmod(days, _CYCLE_DAYS)
    near = _FIRST_DAY + timedelta(days=day)
    year = near.year + _CYCLE_YEARS * cycle
    clock = f" {_clock(rest)}{type_.suffix}" if type_.day > 1 else ""
    return f"{year if year > 0 else 1 - year:04d}-{near:%m-%d}{clock}{'' if year > 0 else ' BC'}"


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text
