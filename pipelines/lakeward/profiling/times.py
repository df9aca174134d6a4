"""Time formats of plants, and their match with sample texts."""

import re
from collections.abc import Sequence
from datetime import datetime

from lakeward.contracts.model import DataType, Kind

TIMESTAMP, DATE = DataType(Kind.TIMESTAMP), DataType(Kind.DATE)
# strptime patterns that Python and the engines read alike; ISO 8601 needs none. Day-first and month-first stand in pairs.
FORMATS = (
    *("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    *("%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S.%f", "%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"),
    *("%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S"),
    *("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f", "%d-%b-%Y %H:%M:%S", "%d-%b-%y %H:%M:%S"),
    *("%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S"),
)
DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d-%b-%Y", "%Y年%m月%d日", "%Y%m%d")
# Digits only are a time only in full length: `%Y%m%d` would read 2018111 too.
_DIGITS = {"%Y%m%d%H%M%S": 14, "%Y%m%d": 8}
# Common beginning of all formats, which excludes most columns quickly.
_BEGINS = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{1,2}-[A-Za-z]{3}-\d|\d{4}/\d|\d{4}年\d|\d{8}(\d{6})?( |$)")
# Plants have no readings from before, and a number that happens to look like a date seldom falls between.
_YEARS = range(1970, 2101)


def fitting_formats(values: Sequence[str], share: float) -> tuple[tuple[DataType, str], ...]:
    """The formats that at least `share` of the texts fit, best first."""
    needed = share * len(values)
    if sum(1 for value in values if _BEGINS.match(value)) < needed:
        return ()
    formats = [(TIMESTAMP, pattern) for pattern in FORMATS] + [(DATE, pattern) for pattern in DAYS]
    counts = {(type_, pattern): sum(1 for value in values if _reads(value, pattern)) for type_, pattern in formats}
    return tuple(
        sorted(
            (candidate for candidate, count in counts.items() if count and count >= needed),
            key=lambda candidate: -counts[candidate],
        )
    )


def _reads(value: str, pattern: str) -> bool:
    if pattern in _DIGITS and len(value) != _DIGITS[pattern]:
        return False
    try:
        return datetime.strptime(value, pattern).year in _YEARS  # noqa: DTZ007
    except ValueError:
        return False
