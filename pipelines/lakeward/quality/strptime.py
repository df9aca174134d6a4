"""Python's `strptime` as SQL: the texts that it accepts. Engines' parsers accept more (a year of one digit)."""

import re
from collections.abc import Mapping

from lakeward.core.sql import literal as text
from lakeward.quality.patterns import SPACES

# Alternatives of each directive in Python's order: the first match is used.
DIRECTIVE_PATTERNS: Mapping[str, str] = {
    "d": "3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9]",
    "f": "[0-9]{1,6}",
    "H": "2[0-3]|[0-1][0-9]|[0-9]",
    "I": "1[0-2]|0[1-9]|[1-9]| [1-9]",
    "j": "36[0-6]|3[0-5][0-9]|[1-2][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]",
    "m": "1[0-2]|0[1-9]|[1-9]",
    "M": "[0-5][0-9]|[0-9]",
    "S": "[0-5][0-9]|[0-9]",
    "y": "[0-9][0-9]",
    "Y": "[0-9][0-9][0-9][0-9]",
    "p": "am|pm",
    "z": r"[+-][0-9][0-9]:?[0-5][0-9](?::?[0-5][0-9](?:\.[0-9]{1,6})?)?|Z",
    "%": "%",
}
TOKEN = re.compile(r"%(.)|(\s+)|([^%\s]+)", re.DOTALL)
# A day without a year is in 1900, as in Python.
NO_YEAR = "'1900'"


def valid_time(value: str, form: str) -> str | None:
    """SQL condition: Python accepts the text `value` by `form`; None if `form` has names of days, weeks or zones."""
    tokens = list(TOKEN.finditer(form))
    directives = [token[1] for token in tokens if token[1]]
    known = "".join(token[0] for token in tokens) == form and set(directives) <= DIRECTIVE_PATTERNS.keys()
    if not form or not known or len(set(directives)) < len(directives) or ("j" in directives and {"d", "m"} & set(directives)):
        return None
    pattern = text("(?is)^" + "".join(_token_pattern(token) for token in tokens))
    # A text without a match is extracted as an empty text.
    whole = f"{value} <> '' AND regexp_extract({value}, {pattern}) = {value}"
    groups = {directive: group for group, directive in enumerate((d for d in directives if d != "%"), 1)}
    part = {directive: f"regexp_extract({value}, {pattern}, {group})" for directive, group in groups.items()}
    return " AND ".join([whole, *_calendar_conditions(part)])


def _token_pattern(token: re.Match[str]) -> str:
    if token[1]:
        return "%" if token[1] == "%" else f"({DIRECTIVE_PATTERNS[token[1]]})"
    return f"[{SPACES}]+" if token[2] else re.escape(token[3])


def _calendar_conditions(parts: Mapping[str, str]) -> list[str]:
    year = parts.get("Y") or (f"'20' || {parts['y']}" if "y" in parts else NO_YEAR)
    conditions = [f"{parts['Y']} <> '0000'"] if "Y" in parts else []
    if "d" in parts and "m" in parts:
        conditions.append(f"TRY_CAST({year} || '-' || {parts['m']} || '-' || trim({parts['d']}) AS DATE) IS NOT NULL")
    return conditions
