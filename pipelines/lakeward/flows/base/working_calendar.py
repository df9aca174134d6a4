"""The shipped calendar of working days."""

import functools
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib import resources
from typing import Any

import yaml

from lakeward.core.working_days import WorkingCalendar, merge_calendars
from lakeward.grading.catalogue import verified_text

CALENDARS = "working_days_cn_"


@functools.cache
def working_calendar() -> WorkingCalendar:
    """The shipped years of working days.

    Raises:
        DefinitionError: A file was edited in place.
    """
    folder = resources.files("lakeward") / "expectations" / "catalogues"
    names = sorted(file.name for file in folder.iterdir() if file.name.startswith(CALENDARS))
    return merge_calendars(_calendar(yaml.load(verified_text(folder, name), Loader=yaml.CSafeLoader)) for name in names)


def _calendar(found: Mapping[str, Any]) -> WorkingCalendar:
    return WorkingCalendar(
        years=frozenset(found["years"]),
        holidays=frozenset(day for first, last in found["holidays"] for day in _days(first, last)),
        workdays=frozenset(found["workdays"]),
    )


def _days(first: date, last: date) -> Iterator[date]:
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))
