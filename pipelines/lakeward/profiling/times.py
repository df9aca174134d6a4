"""The ways in which plants write times, and which of them a set of texts can be.

A text's own shape says which patterns it can have: day, month and year in three orders, by any sign between them, a time behind them.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from lakeward.contracts.model import DataType, Kind
from lakeward.quality.convert import ISO_TIME

TIMESTAMP, DATE = DataType(Kind.TIMESTAMP), DataType(Kind.DATE)
# Digits alone are a time only in full length: `%Y%m%d` would read 2018111 too.
_DIGITS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}
_DATE = re.compile(
    r"(?P<first>\d{1,4})(?P<sign>[-/. ])(?P<second>\d{1,2}|[A-Za-z]{3,9})(?P=sign)(?P<third>\d{4}|\d{1,2})(?!\d)"
    r"|(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日|(?P<digits>\d{8})|(?P<named>[A-Za-z]{3,9}) \d{1,2}(?P<comma>,?) \d{4}"
)
_CLOCK = re.compile(
    r"(?P<gap> ?T ?| )?(?P<hour>\d{1,2})(?P<colon>:)\d{1,2}(?P<second>:\d{1,2}(?P<fraction>[.,]\d{1,6})?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<offset> ?(Z|[+-]\d{2}:?\d{2}))?"
)
_CHINESE_CLOCK = re.compile(r"(?P<gap> ?)\d{1,2}(?P<hour>[时時点點])(?P<minute>\d{1,2}分(?P<second>\d{1,2}秒)?)?")
_ISO = re.compile(ISO_TIME)
# Plants have no readings from before, and a number that happens to look like a date seldom falls between.
_YEARS = range(1970, 2101)
# Texts of which the patterns are taken: others are of these shapes, or of too many.
_SHAPES = 20
# What counts of time since 1970 come to, in seconds, in the years 2000 to 2099; and Excel's days.
_EPOCH, _EXCEL = range(946_684_800, 4_102_444_800), range(36_526, 73_051)
_EPOCH_DIGITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
_COUNT = re.compile(r"\d{5,19}([.,]\d{1,12})?")
# Names of columns that are times; a count of any other name is a number.
_TIME_NAME = re.compile(
    r"(?<![a-z])(ts|time|timestamp|datetime|date|epoch|unix|zeit|datum|t|utc|clock|hora|heure)(?![a-z])|time(stamp)?$|时间|日期|時間|時刻",
    re.IGNORECASE,
)


def fitting_formats(values: Sequence[str], share: float) -> tuple[tuple[DataType, str], ...]:
    """The formats that at least `share` of the texts fit, best first."""
    counted, needed = Counter(values), share * len(values)
    patterns = dict.fromkeys(pattern for value, _ in counted.most_common(_SHAPES) for pattern in _patterns(value))
    counts = {pattern: sum(count for value, count in counted.items() if _reads(value, pattern)) for pattern in patterns}
    fitting = sorted((pattern for pattern, count in counts.items() if count and count >= needed), key=lambda p: -counts[p])
    return tuple((TIMESTAMP if _has_clock(pattern) else DATE, pattern) for pattern in fitting)


def counted_format(header: str, values: Sequence[str], share: float) -> str | None:
    """How the numbers count time, where they can and the column is called so; None: they are numbers."""
    numbers = [float(value.replace(",", ".")) for value in values if _COUNT.fullmatch(value)]
    if not is_time_name(header) or len(numbers) < max(share * len(values), 1) or _mostly_falls(numbers):
        return None
    for form, factor in _EPOCH_DIGITS.items():
        if sum(1 for number in numbers if int(number / factor) in _EPOCH) >= share * len(values):
            return form
    fractions = any(number % 1 for number in numbers)
    return "excel" if fractions and sum(1 for number in numbers if int(number) in _EXCEL) >= share * len(values) else None


def is_time_name(header: str) -> bool:
    """Whether a column or member is called as times are."""
    return bool(_TIME_NAME.search(header.replace("_", " ")))


def _mostly_falls(numbers: Sequence[float]) -> bool:
    """Whether readings go back in time more often than forth: no file has them so, from the first to the last."""
    falls = sum(1 for one, next_ in itertools.pairwise(numbers) if next_ < one)
    rises = sum(1 for one, next_ in itertools.pairwise(numbers) if next_ > one)
    return 0 < rises < falls and rises > 0.1 * falls


def _patterns(value: str) -> Iterator[str]:
    """The strptime patterns that a text of this shape may have; none for ISO 8601, which needs none."""
    if value.isdigit():
        yield from [_DIGITS[len(value)]] if len(value) in _DIGITS else []
        return
    date = _DATE.match(value)
    if date is None:
        return
    clock = _clock_pattern(value[date.end() :])
    if clock is None:
        return
    # Three short numbers with points between them are a version as well.
    is_version = not clock and date["third"] and len(date[0]) < len("01.03.26")
    if not _ISO.match(value) and not is_version:
        yield from (pattern + clock for pattern in _date_patterns(date))


def _date_patterns(date: re.Match[str]) -> Iterator[str]:
    """Orders of day, month and year, the one that is likelier first where only the values can tell."""
    if date["digits"]:
        yield "%Y%m%d"
    elif date["year"]:
        yield "%Y年%m月%d日"
    elif date["named"]:
        yield f"{_month_name(date['named'])} %d{date['comma']} %Y"
    else:
        yield from _divided_date_patterns(date)


def _divided_date_patterns(date: re.Match[str]) -> Iterator[str]:
    sign, month = date["sign"], "%m"
    if date["second"].isalpha():
        month = _month_name(date["second"])
    year = "%Y" if len(date["third"]) == 4 else "%y"
    if len(date["first"]) == 4:
        yield f"%Y{sign}{month}{sign}%d"
        return
    if len(date["third"]) > 1:
        yield f"%d{sign}{month}{sign}{year}"
    # Names of months stand between day and year, and no country writes a month before a point.
    if month == "%m" and sign != "." and len(date["third"]) > 1:
        yield f"%m{sign}%d{sign}{year}"
    if month == "%m" and year == "%y":
        yield f"%y{sign}%m{sign}%d"


def _month_name(text: str) -> str:
    return "%b" if len(text) == len("Mar") else "%B"


def _clock_pattern(text: str) -> str | None:
    """The pattern of what stands behind a date; empty for nothing, None where it is no time."""
    if not text:
        return ""
    if chinese := _CHINESE_CLOCK.fullmatch(text):
        minute, second = "%M分" * bool(chinese["minute"]), "%S秒" * bool(chinese["second"])
        return f"{chinese['gap']}%H{chinese['hour']}{minute}{second}"
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    seconds = ":%S" if clock["second"] else ""
    fraction = f"{clock['fraction'][0]}%f" if clock["fraction"] else ""
    half = f"{' ' * clock['half'].startswith(' ')}%p" if clock["half"] else ""
    offset = f"{' ' * clock['offset'].startswith(' ')}%z" if clock["offset"] else ""
    return f"{clock['gap'] or ''}{'%I' if half else '%H'}:%M{seconds}{fraction}{half}{offset}"


def _has_clock(pattern: str) -> bool:
    return "%H" in pattern or "%I" in pattern


def _reads(value: str, pattern: str) -> bool:
    if pattern in _DIGITS.values() and _DIGITS.get(len(value)) != pattern:
        return False
    try:
        return datetime.strptime(value, pattern).year in _YEARS  # noqa: DTZ007
    except ValueError:
        return False
