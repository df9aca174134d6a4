"""The time: always an aware UTC instant. The present is asked of a collaborator, so that a test can hold it still."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Python's calendar; instants beyond it, which quarantined rows of native types may hold, are shown as its ends.
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


def instant_of(microseconds: int) -> datetime:
    """The instant so many microseconds after the epoch: engines hand instants over as numbers, since their own way needs pytz."""
    return EPOCH + min(max(microseconds, _FIRST), _LAST) * MICROSECOND


def with_instants(row: Sequence[Any], places: Iterable[int]) -> tuple[Any, ...]:
    """The row, with instants for the numbers of microseconds at these places."""
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = instant_of(values[place])
    return tuple(values)
