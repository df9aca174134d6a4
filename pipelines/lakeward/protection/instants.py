"""Dates and times that people write in policies and their tests: one spelling each, and none that the plant's clock shows twice or never."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lakeward.core.messages import Phrase

# What messages expect of such a value.
EXPECTED = Phrase("phrase_instant_of_zone")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_DAY = timedelta(days=1)


def read_instant(value: object, zone: str | None, *, is_end: bool = False) -> datetime | None:
    """The instant of a date or time, in UTC; None for any other value.

    Args:
        zone: IANA zone of a date, and of a time without an offset; None where the offset is needed.
        is_end: A date stands for the end of its day, else for its beginning.
    """
    if not isinstance(value, str):
        return None
    try:
        if zone and _DATE.fullmatch(value):
            return (datetime.fromisoformat(value) + _DAY * is_end).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        local = datetime.fromisoformat(value) if _TIME.fullmatch(value) else None
        found = local.replace(tzinfo=ZoneInfo(zone)) if local and zone and local.tzinfo is None else local
        return found.astimezone(UTC) if found and found.tzinfo and _is_shown_once(found) else None
    except (ValueError, OverflowError):
        return None


def _is_shown_once(local: datetime) -> bool:
    """Whether the clock is neither set forward over the time nor back, so that it shows it never or twice."""
    return local.utcoffset() == local.replace(fold=1).utcoffset()
