"""Python's `strptime` as SQL: which texts it reads. An engine's own reader is kinder (it takes a year of one digit) and is not used."""

import re
from collections.abc import Mapping

from lakeward.core.sql import literal as text
from lakeward.quality.patterns import SPACES

# What each directive takes, in the order in which Python tries it: the first alternative that fits is kept.
FORMS: Mapping[str, str] = {
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
PIECE = re.compile(r"%(.)|(\s+)|([^%\s]+)", re.DOTALL)
# A day without a year is one of 1900, as Python has it.
NO_YEAR = "'1900'"


def valid_time(value: str, form: str) -> str | None:
    """SQL that is true where Python reads the text `value` by `form`; None where `form` asks for names of days, weeks or zones."""
    pieces = list(PIECE.finditer(form))
    asked = [piece[1] for piece in pieces if piece[1]]
    known = "".join(piece[0] for piece in pieces) == form and set(asked) <= FORMS.keys()
    if not form or not known or len(set(asked)) < len(asked) or ("j" in asked and {"d", "m"} & set(asked)):
        return None
    pattern = text("(?is)^" + "".join(_piece(piece) for piece in pieces))
    # What does not fit is extracted as an empty text.
    whole = f"{value} <> '' AND regexp_extract({value}, {pattern}) = {value}"
    places = {directive: place for place, directive in enumerate((d for d in asked if d != "%"), 1)}
    part = {directive: f"regexp_extract({value}, {pattern}, {place})" for directive, place in places.items()}
    return " AND ".join([whole, *_calendar(part)])


def _piece(piece: re.Match[str]) -> str:
    if piece[1]:
        return "%" if piece[1] == "%" else f"({FORMS[piece[1]]})"
    return f"[{SPACES}]+" if piece[2] else re.escape(piece[3])


def _calendar(part: Mapping[str, str]) -> list[str]:
    year = part.get("Y") or (f"'20' || {part['y']}" if "y" in part else NO_YEAR)
    conditions = [f"{part['Y']} <> '0000'"] if "Y" in part else []
    if "d" in part and "m" in part:
        conditions.append(f"TRY_CAST({year} || '-' || {part['m']} || '-' || trim({part['d']}) AS DATE) IS NOT NULL")
    return conditions
