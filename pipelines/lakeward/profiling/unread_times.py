"""Texts that look like times which no `timeFormat` of a contract reads, and what would be needed: a column of them is drafted as text."""

import re
from collections.abc import Sequence

from lakeward.profiling.type_candidates import MIN_TYPE_SHARE

_MONTH = (
    r"(jan|f[eé]b|f[eé]v|m[aä]r|apr|abr|avr|ma[iyg]|jun|jui|jul|lug|aug|ao[uû]|ago|sep|set|oct|okt|out|ott|nov|dec|dez|d[eé]c|dic|ene|gen|jän|eki|led)"
    r"\w{0,7}\.?"
)
_ENGLISH = (
    "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(tember)?|oct(ober)?|nov(ember)?|dec(ember)?|am|pm"
)
_DAYS, _YEAR = r"(0?[1-9]|[12]\d|3[01])", r"((19|20)\d{2})"
# Dates that are one by themselves, and those that only a time of day behind them makes one: versions and numbers look alike.
_DATE = (
    rf"({_YEAR}[-/.年 ]{_DAYS}[-/.月 ]{_DAYS}日?|{_DAYS}[-/. ]{_DAYS}[-/. ]{_YEAR}(?!\d)"
    rf"|{_DAYS}\.?[-/. ]+(de )?{_MONTH}[-/., ]+(de )?({_YEAR}|\d{{2}})(?!\d)|{_YEAR}[-/. ]{_MONTH}[-/. ]{_DAYS}"
    rf"|{_MONTH}[-/. ]+{_DAYS}(?!\d)(st|nd|rd|th)?,?[-/. ]+({_YEAR}|(?=\d{{1,2}}:)))"
)
_SHORT_DATE = rf"(\d{{1,2}}[-/. ]\d{{1,2}}[-/. ]\d{{1,2}}(?!\d)|{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))"
_DAY = r"((mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]{0,8}[.,]?|星期.|周.)?\s*"
_HALF = r"(上午|下午|凌晨|早上|中午|傍晚|晚上|[ap]\.\s?m\.|오전|오후|午前|午後)"
_ZONE = r"([A-Z][A-Z]{1,4}([+-]\d{1,2}(:?\d{2})?)?|[A-Z][a-z]+(/[A-Z][A-Za-z_]+)+)"
_CLOCK = rf"({_HALF}?\s*\d{{1,2}}\s*([:时時点點h]\s*\d{{1,2}}.*|\.\d{{2}}\.\d{{2}}.*|[时時点點h]|{_HALF})|T?\d{{4,6}}([.,]\d+)?\s*(Z|[+-]\d{{2}}:?\d{{2}})?)"
_TIME = re.compile(
    rf"{_DAY}({_DATE}[T,\s]*({_DAY}{_CLOCK})?|{_SHORT_DATE}[T,\s]+{_DAY}{_CLOCK})(\s*{_ZONE})?(\s+\d{{4}})?", re.IGNORECASE
)
_TIME_OF_DAY = re.compile(rf"{_HALF}?\s*\d{{1,2}}:\d{{2}}(:\d{{2}}([.,:]\d+)?)?\s*([ap]\.?m\.?|{_HALF})?", re.IGNORECASE)
# What a timeFormat lacks, by what the texts hold; the first that holds in most of them is said.
_REASONS = (
    (re.compile(rf"^{_DAY}{_MONTH}\s+\d{{1,2}} \d{{1,2}}:[\d:.]+$", re.IGNORECASE), "a time needs its year: deliver it"),
    (
        re.compile(_HALF, re.IGNORECASE),
        "a timeFormat reads AM and PM alone (%I and %p): deliver the hours as 0 to 23, or AM and PM",
    ),
    (
        re.compile(rf"\d\s*(?!AM\b|PM\b|Z\b){_ZONE}$|\d (?!AM\b|PM\b){_ZONE} \d{{4}}$"),
        "a timeFormat reads no name of a zone: deliver an offset (%z: +01:00), or no zone, and name it in `timezone`",
    ),
    (
        re.compile(rf"(?<![^\W\d_])(?!({_ENGLISH})(?![^\W\d_]))[^\W\d_]{{2}}", re.IGNORECASE),
        "a timeFormat reads English names of months alone (%b, %B), and none of days: deliver the month as a number",
    ),
    (re.compile(r"\D24:\d{2}"), "the hour 24 is none of a timeFormat: deliver 00:00 of the next day"),
)
_FORM = "no timeFormat reads nine in ten of them: name one with the type timestamp, or deliver one form, best YYYY-MM-DD HH:MM:SS"
_DAY_ONLY = "a time of day has no date: name it with the column of the date in `joins` (CSV), or deliver both in one column"


def unread_times(texts: Sequence[str]) -> str | None:
    """What would make the texts times; None where they do not look like any.

    Args:
        texts: Those of a column that no format fits.
    """
    needed = max(MIN_TYPE_SHARE * len(texts), 1)
    if sum(1 for text in texts if _TIME_OF_DAY.fullmatch(text)) >= needed:
        return _DAY_ONLY
    if sum(1 for text in texts if _TIME.fullmatch(text)) < needed:
        return None
    return next((reason for form, reason in _REASONS if 2 * sum(1 for text in texts if form.search(text)) > len(texts)), _FORM)
