"""Working days by the calendars of 2025 and 2026, and what can be said past their end."""

from datetime import date

import pytest

from lakeward.core.working_days import WorkingCalendar, months_after
from lakeward.flows.base.working_calendar import working_calendar


@pytest.mark.parametrize(("year", "off", "worked", "total"), [(2025, 28, 5, 248), (2026, 33, 6, 248)])
def test_a_calendar_has_the_days_of_its_notice(year, off, worked, total):
    """Days off and working weekends by the notice; with the other weekends, the working days of the year."""
    calendar = working_calendar()
    days = [date.fromordinal(day) for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())]

    assert [sum(day in kind for day in days) for kind in (calendar.holidays, calendar.workdays)] == [off, worked]
    assert {day.weekday() >= 5 for day in calendar.workdays} == {True}
    assert sum(map(calendar.is_working_day, days)) == total


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),  # a Friday
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),  # the Spring Festival
        ("2026-02-13", 15, "2026-03-12"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-18", 3, "2026-09-22"),  # a Sunday that is worked
        ("2026-04-30", 2, "2026-05-07"),
        ("2026-12-30", 1, "2026-12-31"),
        ("2025-01-25", 1, "2025-01-26"),  # a Sunday that is worked
        ("2025-09-30", 3, "2025-10-11"),  # National Day, and a Saturday that is worked
        ("2025-12-31", 1, "2026-01-04"),  # from year to year: a Sunday that is worked
    ],
)
def test_working_days_skip_holidays_and_count_working_weekends(start, days, end):
    found = working_calendar().after(date.fromisoformat(start), days)

    assert (found.on, found.certain) == (date.fromisoformat(end), True)


def test_past_the_end_of_the_calendar_the_deadline_is_the_earliest_possible():
    found = working_calendar().after(date(2026, 12, 28), 20)

    # Three working days are known; each of the other 17 days could be one.
    assert (found.on, found.certain) == (date(2027, 1, 17), False)


def test_a_year_between_two_known_ones_is_unknown():
    calendar = WorkingCalendar(years=frozenset((2025, 2027)), holidays=frozenset(), workdays=frozenset())

    assert calendar.after(date(2025, 12, 31), 1).certain is False


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-03-02", 3, "2026-06-02"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2026-10-31", 3, "2027-01-31"),
        ("2026-12-31", 2, "2027-02-28"),
    ],
)
def test_months_end_on_the_same_day_or_on_the_last_one(start, months, end):
    assert months_after(date.fromisoformat(start), months) == date.fromisoformat(end)
