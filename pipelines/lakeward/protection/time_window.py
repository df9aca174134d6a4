"""The time in which a rule of the policy applies: from a day to a day, and between two hours of the plant's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lakeward.core.local_times import offset_changes

# Days that are searched for the next opening or closing of daily hours: each day has both.
_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A time window; without limits it is always open.

    Args:
        start, end: It is open from `start` until before `end`; None for no limit.
        hours: Local times of day between which it is open, the second one excluded; over midnight if the second is the earlier. What
            counts is what the clock shows: where it is set back, a time that it shows twice is in the window twice.
        zone: IANA zone of `hours`.
    """

    start: datetime | None = None
    end: datetime | None = None
    hours: tuple[time, time] | None = None
    zone: str = "UTC"

    @property
    def is_always(self) -> bool:
        """Whether it has no limit."""
        return self.start is None and self.end is None and self.hours is None

    def contains(self, at: datetime) -> bool:
        """Whether it is open at `at`."""
        if (self.start and at < self.start) or (self.end and at >= self.end):
            return False
        if self.hours is None:
            return True
        first, last = self.hours
        local = at.astimezone(ZoneInfo(self.zone)).time()
        return first <= local < last if first < last else local >= first or local < last

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after `at` at which it may open or close; None if there is none."""
        ends = [end for end in (self.start, self.end) if end]
        if self.hours:
            zone = ZoneInfo(self.zone)
            today = at.astimezone(zone).date()
            days = (today + timedelta(days=day) for day in range(_DAYS))
            local = [datetime.combine(day, hour, zone) for day in days for hour in self.hours]
            ends += [each.replace(fold=fold).astimezone(UTC) for each in local for fold in (0, 1)]
            ends += offset_changes(at, at + timedelta(days=_DAYS), self.zone)
        return min((end for end in ends if end > at), default=None)
