"""Converts naive local times to UTC: the zone's rules as a tree of comparisons, equal on every engine.

Zone functions of engines choose one of two times if a local time exists twice, and invent one if it does not exist
at all. Here both give NULL, so the row fails `type:<column>`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lakeward.core.sql import literal

# Before 1900 most zones used local mean time with odd seconds; no plant has readings of that time.
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
# Rules of zones with summer time are only a forecast by then.
LAST = datetime(2100, 1, 1, tzinfo=UTC)
# A zone without a change in its last year keeps its offset after LAST, so that 9999-12-31 is valid.
STABLE_FOR = timedelta(days=366)
# No zone of the tz database changed twice within a day.
STEP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OffsetSpan:
    """Local times `start <= t < end` that exist once, `offset` ahead of UTC; `end` None for unbounded."""

    start: datetime
    end: datetime | None
    offset: timedelta


def to_utc(local: str, zone: str) -> str:
    """SQL of the UTC time of the naive time `local` in `zone`; NULL if it does not exist, or exists twice."""
    return _tree(local, spans(zone))


@functools.cache
def spans(zone: str) -> tuple[OffsetSpan, ...]:
    """The spans of `zone` in order; between two of them is a gap or an overlap."""
    changes = _changes(ZoneInfo(zone), FIRST, LAST)
    found = []
    for index, (begin, offset) in enumerate(changes):
        before = changes[index - 1][1] if index else offset
        after = changes[index + 1] if index + 1 < len(changes) else None
        start = begin + max(before, offset)
        end = after[0] + min(offset, after[1]) if after else _open_end(begin, offset)
        found.append(OffsetSpan(_naive(start), _naive(end) if end else None, offset))
    return tuple(found)


def _open_end(begin: datetime, offset: timedelta) -> datetime | None:
    return None if begin < LAST - STABLE_FOR else LAST + offset


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


def offset_changes(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """The instants from `start` to `end` at which the clock of `zone` is set, to the second."""
    return [instant for instant, _ in _changes(ZoneInfo(zone), start.astimezone(UTC).replace(microsecond=0), end)[1:]]


def _changes(rules: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
    changes = [(first, _offset(first, rules))]
    instant = first
    while instant < last:
        following = instant + STEP
        if _offset(following, rules) != changes[-1][1]:
            changes.append(_find_change(instant, following, rules))
        instant = following
    return changes


def _find_change(low: datetime, high: datetime, rules: ZoneInfo) -> tuple[datetime, timedelta]:
    after = _offset(high, rules)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (low, middle) if _offset(middle, rules) == after else (middle, high)
    return high, after


def _offset(instant: datetime, rules: ZoneInfo) -> timedelta:
    return instant.astimezone(rules).utcoffset() or timedelta()


def _tree(local: str, part: Sequence[OffsetSpan]) -> str:
    if len(part) == 1:
        return _leaf(local, part[0])
    half = len(part) // 2
    older, newer = _tree(local, part[:half]), _tree(local, part[half:])
    return f"CASE WHEN {local} >= {_literal(part[half].start)} THEN {newer} ELSE {older} END"


def _leaf(local: str, span: OffsetSpan) -> str:
    within = f"{local} >= {_literal(span.start)}" + (f" AND {local} < {_literal(span.end)}" if span.end else "")
    seconds = int(span.offset.total_seconds())
    return f"CASE WHEN {within} THEN {local} {'-' if seconds >= 0 else '+'} INTERVAL {abs(seconds)} SECOND END"


def _literal(local_time: datetime) -> str:
    return f"TIMESTAMP {literal(local_time.isoformat(sep=' '))}"
