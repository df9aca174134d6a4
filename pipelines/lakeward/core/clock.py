"""The clock: always an aware UTC time. It is passed as an argument, so that tests can fix the time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Range of Python's calendar; times beyond it, which quarantined rows can hold, are clipped to its ends.
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


def instant_of(microseconds: int) -> datetime:
    """The time this many microseconds after the epoch: engines return times as numbers, since their own conversion needs pytz."""
    return EPOCH + min(max(microseconds, _FIRST), _LAST) * MICROSECOND


def with_instants(row: Sequence[Any], places: Iterable[int]) -> tuple[Any, ...]:
    """The row with the numbers of microseconds at these positions converted to times."""
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = instant_of(values[place])
    return tuple(values)
