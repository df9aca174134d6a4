"""Counts working days and months from a date, by a calendar of holidays that ends somewhere.

Days outside the calendar are unknown: a weekend there can be a working day. So a deadline that runs past its end is stated as the
earliest possible date, and marked.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a period.

    Args:
        on: The day.
        certain: Whether the calendar covers all of it; otherwise this is the earliest day that it can be.
    """

    on: date
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """Days off and working weekends of some whole years.

    Args:
        years: Years that are covered.
        holidays: Days off, also on weekdays.
        workdays: Saturdays and Sundays on which people work.
    """

    years: frozenset[int]
    holidays: frozenset[date]
    workdays: frozenset[date]

    def covers(self, day: date) -> bool:
        """Whether the calendar knows the day."""
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Whether people work on the day; on a day outside the calendar they can."""
        if not self.covers(day) or day in self.workdays:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def after(self, start: date, days: int) -> Deadline:
        """The last of so many working days; the first one is the next working day after `start`."""
        on, left, certain = start, days, True
        while left:
            on += timedelta(days=1)
            left -= self.is_working_day(on)
            certain = certain and self.covers(on)
        return Deadline(on, certain)


def merge_calendars(calendars: Iterable[WorkingCalendar]) -> WorkingCalendar:
    """One calendar of all their years."""
    every = tuple(calendars)
    return WorkingCalendar(
        years=frozenset().union(*(each.years for each in every)),
        holidays=frozenset().union(*(each.holidays for each in every)),
        workdays=frozenset().union(*(each.workdays for each in every)),
    )


def months_after(start: date, months: int) -> date:
    """The same day of the month so many months later; the last day of a month that has no such day."""
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
